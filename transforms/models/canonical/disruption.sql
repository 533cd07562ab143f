{{ unfed('disruption') }}
