{{ unfed('safety_event') }}
