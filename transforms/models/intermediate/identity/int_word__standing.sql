-- What stewards have said and not taken back: the newest word about a key counts, beside every word
-- that keeps it apart from something.
with words as (
    select
        *,
        row_number() over (
            partition by entity, source_system, source_key, case when verb = 'apart' then target end
            order by said_at desc, word_id desc
        ) as recency
    from {{ ref('stg_steward__words') }}
    where undone_at is null and not is_deleted
)

select
    word_id,
    entity,
    verb,
    source_system,
    source_key,
    target,
    task_uid,
    reason,
    said_by,
    said_at,
    loaded_at
from words
where recency = 1
