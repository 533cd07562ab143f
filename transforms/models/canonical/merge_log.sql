-- What was merged stands in the steward's words, so that taking a word back undoes the merge whole.
with final as (
    select
        words.word_id as merge_uid,
        words.entity,
        {{ uid('product', ['words.target']) }} as surviving_uid,
        {{ uid('product', ['words.source_key']) }} as retired_uid,
        words.reason,
        words.said_by,
        words.said_at,
        words.undone_at,
        words.source_system,
        words.source_key,
        words.source_updated_at,
        words.loaded_at,
        words.is_deleted
    from {{ ref('stg_steward__words') }} as words
    where words.entity = 'product' and words.verb = 'merge'
)

{{ canonical('merge_log', 'final') }}
