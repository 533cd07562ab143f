{{ config(materialized='view') }}

-- What suppliers still owe on each line of an open purchase order, in base units.
select
    source_key,
    node_code,
    node_uid,
    product_uid,
    sku,
    open_qty as qty,
    status,
    expected_at,
    orphan_reason,
    source_updated_at,
    loaded_at,
    is_deleted
from {{ ref('int_purchase_line__converted') }}
where
    not is_deleted
    -- An order that nobody knows has no status; it is kept to be told of as an orphan.
    and coalesce(status, 'placed') in ('placed', 'partially_received')
