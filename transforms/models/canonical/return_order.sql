{{ unfed('return_order') }}
