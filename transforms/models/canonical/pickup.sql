{{ unfed('pickup') }}
