{{ unfed('robot_state') }}
