{#-
    A source's rows without those that are held apart, because they break a rule of policy
    quarantine in its contract (contracts/holding.py): their keys stand in schema `held`. The
    comments mark what lineage leaves out, for not a model decides of it but a rule.
-#}
{% macro source(source_name, table_name) -%}
    {%- set landed = builtins.source(source_name, table_name) -%}
    {%- set keys = held_by(source_name, table_name) | join(', ') -%}
    {%- if not keys -%}{{ return(landed) }}{%- endif -%}
    (
        select landed.* from {{ landed }} as landed
        /* held apart */
        anti join (
            select {{ keys }} from {{ landed.database }}.held.{{ source_name }}__{{ table_name }} where _healed_at is null
        ) as apart using ({{ keys }})
        /* */
    )
{%- endmacro %}

{#- The columns by which a table's rows may be held apart; none where no rule does so. -#}
{% macro held_by(source_name, table_name) -%}
    {%- if execute -%}
    {%- for node in (graph.sources or {}).values() if node.source_name == source_name and node.name == table_name -%}
        {{ return(node.config.meta.get('held_by', [])) }}
    {%- endfor -%}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}
