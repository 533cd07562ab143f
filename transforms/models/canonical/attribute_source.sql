with final as (
    {%- for rule in survivorship_rules('product') %}
    select
        'product' as entity,
        product_uid as entity_uid,
        '{{ rule.attribute }}' as attribute,
        {{ rule.attribute }}__source as winner_source,
        '{{ rule.strategy }}' as strategy,
        {{ rule.attribute }}__differs as is_disputed,
        {{ rule.attribute }}__conflicts as is_in_conflict
    from {{ ref('int_product__survived') }}
    where {{ rule.attribute }}__source is not null
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

{{ canonical('attribute_source', 'final') }}
