{{ unfed('robot') }}
