{{ unfed('node_capacity') }}
