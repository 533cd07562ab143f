with final as (
    select *
    from (
        values
        {%- for rule in var('survivorship') %}
        {%- set last_rule = loop.last %}
        {%- for source in rule.sources %}
        (
            '{{ rule.entity }}', '{{ rule.attribute }}', {{ loop.index }}, '{{ source }}',
            '{{ rule.strategy }}', {{ rule.get('max_age_h', 'null') }}, {{ rule.get('conflict_pct', 'null') }}
        ){% if not (last_rule and loop.last) %},{% endif %}
        {%- endfor %}
        {%- endfor %}
    ) as rules (entity, attribute, priority, source_system, strategy, max_age_h, conflict_pct)
)

{{ canonical('survivorship_rule', 'final') }}
