with final as (
    {%- for entity, relation in {'product': ref('int_product__survived'), 'node': ref('int_node__survived')}.items() %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    {%- for rule in survivorship_rules(entity) %}
    select
        '{{ entity }}' as entity,
        {{ entity }}_uid as entity_uid,
        '{{ rule.attribute }}' as attribute,
        {{ rule.attribute }}__source as winner_source,
        '{{ rule.strategy }}' as strategy,
        {{ rule.attribute }}__differs as is_disputed,
        {{ rule.attribute }}__conflicts as is_in_conflict
    from {{ relation }}
    where {{ rule.attribute }}__source is not null
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
    {%- endfor %}
)

{{ canonical('attribute_source', 'final') }}
