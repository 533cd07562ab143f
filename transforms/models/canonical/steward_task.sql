with final as (
    select * from {{ ref('int_task__raised') }}
)

{{ canonical('steward_task', 'final') }}
