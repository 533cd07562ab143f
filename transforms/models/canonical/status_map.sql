with final as (
    select * from {{ ref('int_code__mapped') }}
)

{{ canonical('status_map', 'final') }}
