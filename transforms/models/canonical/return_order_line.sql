{{ unfed('return_order_line') }}
