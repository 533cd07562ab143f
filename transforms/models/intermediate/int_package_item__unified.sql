{{ config(touched=['package', "coalesce(sscc18, '')", 'sscc18']) }}

-- What lies in each parcel, by order line and article.
with items as (
    select
        'wms' as source_system,
        'package_items' as stream,
        items.sscc18 || '/' || cast(items.order_line_no as varchar) as source_key,
        items.sscc18,
        items.order_line_no,
        matched.product_uid,
        cast(items.item_id as varchar) as waits_for,
        items.qty,
        items.source_updated_at,
        items.loaded_at,
        items.is_deleted
    from {{ touched(ref('stg_wms__package_items'), 'package', "coalesce(sscc18, '')", 'sscc18') }} as items
    left join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'wms' and cast(items.item_id as varchar) = matched.source_key

    union all

    select
        advices.source_system,
        advices.stream,
        min(advices.source_key) as source_key,
        advised.sscc18,
        advices.order_line_no,
        advices.product_uid,
        cast(null as varchar) as waits_for,
        sum(advised.qty_shipped) as qty,
        max(advised.source_updated_at) as source_updated_at,
        max(advices.loaded_at) as loaded_at,
        false as is_deleted
    from {{ ref('int_shipment_line__unified') }} as advices
    inner join {{ touched(ref('int_shipping_advice__settled'), 'package', "coalesce(sscc18, '')", 'sscc18') }} as advised
        on advices.source_key = advised.source_key
    where
        advices.stream = 'shipping_advice_945'
        and not advised.is_cancelled
        and advised.qty_shipped > 0
    group by
        advices.source_system,
        advices.stream,
        advised.sscc18,
        advices.order_line_no,
        advices.product_uid
)

select
    items.source_system,
    items.stream,
    items.source_key,
    packages.package_uid,
    packages.order_uid,
    items.sscc18,
    items.order_line_no,
    items.product_uid,
    cast(items.qty as decimal(18, 6)) as qty,
    case
        when items.sscc18 is null then 'missing_sscc18'
        when packages.package_uid is null then 'unknown_package'
        when packages.orphan_reason is not null then packages.orphan_reason
        when items.product_uid is null then 'unknown_article'
        when items.order_line_no is null then 'unknown_order_line'
    end as orphan_reason,
    case when packages.orphan_reason is not null then packages.waits_for else items.waits_for end as waits_for,
    items.source_updated_at,
    items.loaded_at,
    items.is_deleted
from items
left join {{ ref('int_package__unified') }} as packages
    on items.source_system = packages.source_system and items.sscc18 = packages.sscc18
