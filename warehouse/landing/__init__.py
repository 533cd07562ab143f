"""How a Singer stream lands: each unit loaded exactly, or held back with a reason."""
