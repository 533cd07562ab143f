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

{#- Where stock may be used: a lot that is held, recalled or expired takes its pieces with it. -#}
{% macro lot_disposition(lot_status, disposition) -%}
    case
        when {{ disposition }} = 'available' and {{ lot_status }} in ('recalled', 'expired') then {{ lot_status }}
        when {{ disposition }} = 'available' and {{ lot_status }} = 'quarantine' then 'quality_control'
        else {{ disposition }}
    end
{%- endmacro %}
