{#- The rules of an entity, as data (`survivorship` in dbt_project.yml), checked. -#}
{% macro survivorship_rules(entity) -%}
    {%- set strategies = ['priority', 'lowest', 'highest', 'longest'] -%}
    {%- set rules = [] -%}
    {%- for rule in var('survivorship') if rule.entity == entity -%}
        {%- if rule.strategy not in strategies -%}
            {{ exceptions.raise_compiler_error(
                "survivorship of " ~ entity ~ "." ~ rule.attribute ~ ": '" ~ rule.strategy
                ~ "' is no strategy. There are: " ~ strategies | join(', ') ~ "."
            ) }}
        {%- endif -%}
        {%- do rules.append(rule) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}

{#-
    For every attribute of an entity the value that survives, `<attribute>__source`, whose it is, and
    `<attribute>__differs`, whether another source says something else. `relations` names the relation
    of each source, one row an entity; a source that a rule names and nothing is joined for is an error.
-#}
{% macro survivors(entity, relations) -%}
    {%- for rule in survivorship_rules(entity) -%}
        {%- set columns = [] -%}
        {%- for source in rule.sources -%}
            {%- if source not in relations -%}
                {{ exceptions.raise_compiler_error(
                    "survivorship of " ~ entity ~ "." ~ rule.attribute ~ ": nothing is known of source '"
                    ~ source ~ "'. There are: " ~ relations.keys() | join(', ') ~ "."
                ) }}
            {%- endif -%}
            {%- do columns.append(relations[source] ~ '.' ~ rule.attribute) -%}
        {%- endfor -%}
        {%- set value = surviving(rule.strategy, columns) %}
        {{ value }} as {{ rule.attribute }},
        case
            {%- for source in rule.sources %}
            when {{ columns[loop.index0] }} = {{ value }} then '{{ source }}'
            {%- endfor %}
        end as {{ rule.attribute }}__source,
        {% if columns | length == 1 -%}
        false
        {%- else -%}
        coalesce({% for column in columns %}{{ column }} <> {{ value }}{% if not loop.last %} or {% endif %}{% endfor %}, false)
        {%- endif %} as {{ rule.attribute }}__differs
        {%- if rule.conflict_pct is defined %},
        coalesce(greatest({{ columns | join(', ') }}) > least({{ columns | join(', ') }}) * {{ 1 + rule.conflict_pct / 100 }}, false)
        {%- else %},
        false
        {%- endif %} as {{ rule.attribute }}__conflicts
        {%- if not loop.last %},{% endif %}
    {%- endfor -%}
{%- endmacro %}

{% macro surviving(strategy, columns) -%}
    {%- if strategy == 'priority' -%}
    coalesce({{ columns | join(', ') }})
    {%- elif columns | length == 1 -%}
    {{ columns[0] }}
    {%- elif strategy == 'lowest' -%}
    least({{ columns | join(', ') }})
    {%- elif strategy == 'highest' -%}
    greatest({{ columns | join(', ') }})
    {%- else -%}
    case
        {%- for column in columns %}
        when length({{ column }}) >= greatest({% for other in columns %}coalesce(length({{ other }}), 0){% if not loop.last %}, {% endif %}{% endfor %}) then {{ column }}
        {%- endfor %}
    end
    {%- endif -%}
{%- endmacro %}

{#- The place of a source in the rule of an attribute, from 1; null for one that has no word there. -#}
{% macro priority_of(entity, attribute, source) -%}
    case {{ source }}
        {%- for rule in survivorship_rules(entity) if rule.attribute == attribute -%}
        {%- for name in rule.sources %} when '{{ name }}' then {{ loop.index }}{% endfor -%}
        {%- endfor %}
    end
{%- endmacro %}
