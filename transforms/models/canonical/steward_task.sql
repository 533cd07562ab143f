-- A question that stays open keeps its first day, whatever comes in about it later.
with stored as (
    select task_uid, since from {{ this }}
),

final as (
    select
        raised.task_uid,
        raised.kind,
        raised.entity,
        raised.source_system,
        raised.source_key,
        raised.entity_uid,
        raised.proposal,
        raised.evidence,
        raised.next_step,
        raised.rows_affected,
        least(stored.since, raised.since) as since -- a null is passed over
    from {{ ref('int_task__raised') }} as raised
    left join stored on raised.task_uid = stored.task_uid
)

{{ canonical('steward_task', 'final') }}
