{#- The rules of an entity, as data (`survivorship` in dbt_project.yml), checked. -#}
{% macro survivorship_rules(entity) -%}
    {%- set strategies = ['priority', 'lowest', 'highest', 'longest'] -%}
    {%- set known = ['entity', 'attribute', 'strategy', 'sources', 'conflict_pct', 'max_age_h'] -%}
    {%- set entities = ['product', 'node', 'inventory'] -%}
    {%- set rules = [] -%}
    {%- for rule in var('survivorship') if rule.entity not in entities -%}
        {{ exceptions.raise_compiler_error(
            "survivorship of " ~ rule.entity ~ "." ~ rule.attribute ~ ": values survive of "
            ~ entities | join(', ') ~ "."
        ) }}
    {%- endfor -%}
    {%- for rule in var('survivorship') if rule.entity == entity -%}
        {%- if rule.strategy not in strategies -%}
            {{ exceptions.raise_compiler_error(
                "survivorship of " ~ entity ~ "." ~ rule.attribute ~ ": '" ~ rule.strategy
                ~ "' is no strategy. There are: " ~ strategies | join(', ') ~ "."
            ) }}
        {%- endif -%}
        {%- for word in rule if word not in known -%}
            {{ exceptions.raise_compiler_error(
                "survivorship of " ~ entity ~ "." ~ rule.attribute ~ ": '" ~ word
                ~ "' says nothing. A rule has: " ~ known | join(', ') ~ "."
            ) }}
        {%- endfor -%}
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
            {%- set column = relations[source] ~ '.' ~ rule.attribute -%}
            {%- do columns.append(spoken(rule, source, column)) -%}
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

{#- A source's value, if it still speaks: silent for longer than the rule's max_age_h beside the others, it has none. -#}
{% macro spoken(rule, source, column) -%}
    {%- if rule.max_age_h is not defined -%}
    {{ return(column) }}
    {%- endif -%}
    case
        when (
            select max(marked_at) filter (source_system = '{{ source }}')
                >= max(marked_at) - to_hours({{ rule.max_age_h }})
            from {{ ref('int_source__marked') }}
            where source_system in ('{{ rule.sources | join("', '") }}')
        ) then {{ column }}
    end
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

{#-
    The one rule of an attribute that a model applies itself, because more than its sources decides.
    It takes the first source that has a word, and has to place all of `sources`.
-#}
{% macro priority_rule(entity, attribute, sources) -%}
    {%- set rules = survivorship_rules(entity) -%}
    {%- set is_known = (
        rules | length == 1 and rules[0].attribute == attribute and rules[0].strategy == 'priority'
        and rules[0].sources | sort == sources | sort
    ) -%}
    {%- if not is_known -%}
        {{ exceptions.raise_compiler_error(
            "survivorship of " ~ entity ~ " is one rule: " ~ attribute ~ " by priority of "
            ~ sources | join(', ') ~ ", in any order."
        ) }}
    {%- endif -%}
    {{ return(rules[0]) }}
{%- endmacro %}
