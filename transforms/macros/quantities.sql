{#-
    A quantity in packs, in base units: qty x num / den, multiplied before it is divided and never
    through a float. Counted in millionths as whole numbers, because DuckDB's "/" makes a double
    of a decimal; cast to 24 digits first, because it multiplies two decimals of 18 in 64 bits. What
    does not come out even is cut off, and the rule on the raw quantity tells.
-#}
{% macro to_base(qty, qty_num, qty_den) -%}
    cast(
        cast(
            {{ whole_divide(
                'cast(cast(' ~ qty ~ ' as decimal(24, 6)) * 1000000 as hugeint) * ' ~ qty_num, qty_den
            ) }} as decimal(24, 0)
        ) * cast(0.000001 as decimal(7, 6)) as decimal(18, 6)
    )
{%- endmacro %}

{% macro whole_divide(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_divide')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__whole_divide(dividend, divisor) -%}
    ({{ dividend }}) // ({{ divisor }})
{%- endmacro %}

{% macro spark__whole_divide(dividend, divisor) -%}
    ({{ dividend }}) div ({{ divisor }})
{%- endmacro %}
