{{ unfed('fulfilment_hold') }}
