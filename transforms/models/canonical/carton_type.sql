{{ unfed('carton_type') }}
