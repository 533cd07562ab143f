"""Keep the lake sound and small: check it, compact it, forget what nobody needs, back it up."""
