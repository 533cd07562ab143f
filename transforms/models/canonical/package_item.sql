{{ config(touched=['package', 'package_uid', 'package_uid']) }}

with final as (
    select
        package_uid,
        order_line_no,
        order_uid,
        product_uid,
        qty,
        source_system,
        source_key,
        source_updated_at,
        loaded_at,
        is_deleted
    from {{ touched(ref('int_package_item__unified'), 'package', 'package_uid') }} as items
    where orphan_reason is null
)

{{ canonical('package_item', 'final') }}
