{#- How far an order's line, or the sum of an order's lines, has come: one rule for both. -#}
{% macro fulfilment_status(ordered, cancelled, allocated, shipped) -%}
    case
        when {{ cancelled }} = {{ ordered }} then 'cancelled'
        when {{ shipped }} >= {{ ordered }} - {{ cancelled }} then 'fulfilled'
        when {{ shipped }} > 0 then 'partially_fulfilled'
        when {{ allocated }} > 0 then 'accepted'
        else 'placed'
    end
{%- endmacro %}
