{{ unfed('robot_mission') }}
