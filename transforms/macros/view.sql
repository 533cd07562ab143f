{#-
    A view is written in one statement, and only when its SQL has changed: every change of the
    lake's schema costs a commit and a new read of the whole catalog (0.2 s measured, 31 views).
    The comment on a view holds the hash of its SQL.
-#}
{% materialization view, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='view') -%}
    {%- set fingerprint = local_md5(sql) -%}
    {{ run_hooks(pre_hooks) }}
    {% if existing is not none and existing.is_view and view_comment(this) == fingerprint %}
        {% call noop_statement('main', 'UNCHANGED') -%} {%- endcall %}
    {% else %}
        {%- if existing is not none and not existing.is_view -%}
            {%- do adapter.drop_relation(existing) -%}
        {%- endif -%}
        {% call statement('main') -%}
            create or replace view {{ relation }} as (
                {{ sql }}
            );
            comment on view {{ relation }} is '{{ fingerprint }}'
        {%- endcall %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{% macro view_comment(relation) -%}
    {%- set found = run_query(
        "select comment from duckdb_views() where database_name = '" ~ relation.database
        ~ "' and schema_name = '" ~ relation.schema ~ "' and view_name = '" ~ relation.identifier ~ "'"
    ) -%}
    {{ return(found.columns[0].values()[0] if found.rows else none) }}
{%- endmacro %}
