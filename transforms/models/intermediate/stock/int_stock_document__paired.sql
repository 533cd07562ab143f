-- What each document changed of a product at a node: by the node's own system, and by the ERP's
-- postings. The ERP has posted up to when it posted the newest document that it knows; what was told
-- after that is late, and waits in `late_qty` apart. (When it last posted anything tells less: a
-- correction by hand at noon does not mean that the morning's documents were posted.)
with firsts as (
    select doc_type, doc_no, min(source_updated_at) as told_at
    from {{ ref('int_movement__unified') }}
    where orphan_reason is null and doc_no is not null and not is_deleted
    group by doc_type, doc_no
),

known as (
    select
        firsts.told_at,
        min(postings.posted_at) as posted_at
    from firsts
    inner join {{ ref('stg_erp__stock_postings') }} as postings
        on
            firsts.doc_no = postings.doc_no
            and (
                firsts.doc_type = postings.doc_type
                or (firsts.doc_type = 'adjustment' and postings.doc_type = 'count')
            )
    where not postings.is_deleted
    group by firsts.doc_type, firsts.doc_no, firsts.told_at
),

closing as (
    select max_by(posted_at, told_at) as posted_until from known
),

told as (
    select
        movements.node_uid,
        movements.product_uid,
        -- A 3PL's adjustment (947) is what the ERP posts as a count.
        case when movements.doc_type = 'adjustment' then 'count' else movements.doc_type end as doc_type,
        movements.doc_no,
        sum(case when movements.source_updated_at <= closing.posted_until then movements.qty else 0 end)
            as told_qty,
        sum(case when movements.source_updated_at <= closing.posted_until then 0 else movements.qty end)
            as late_qty,
        max(movements.source_updated_at) as told_at,
        max(movements.loaded_at) as loaded_at
    from {{ ref('int_movement__unified') }} as movements
    cross join closing
    where movements.orphan_reason is null and movements.doc_no is not null and not movements.is_deleted
    group by
        movements.node_uid,
        movements.product_uid,
        case when movements.doc_type = 'adjustment' then 'count' else movements.doc_type end,
        movements.doc_no
),

posted as (
    select
        {{ uid('node', ['nodes.node_code']) }} as node_uid,
        matched.product_uid,
        postings.doc_type,
        postings.doc_no,
        sum(postings.qty) as posted_qty,
        -- Those that stand: a reversal is a posting of the other sign, and takes one back.
        abs(sum(case when postings.qty > 0 then 1 when postings.qty < 0 then -1 else 0 end)) as postings,
        max(postings.posted_at) as posted_at,
        max(postings.loaded_at) as loaded_at
    from {{ ref('stg_erp__stock_postings') }} as postings
    inner join {{ ref('stg_erp__warehouses') }} as nodes on postings.node_code = nodes.node_code
    inner join {{ ref('int_product__matched') }} as matched
        on matched.source_system = 'erp' and postings.sku = matched.source_key
    where postings.doc_no is not null and matched.product_uid is not null and not postings.is_deleted
    group by nodes.node_code, matched.product_uid, postings.doc_type, postings.doc_no
),

-- A node whose system tells nothing of a kind of document is not blamed for lacking one.
telling as (
    select distinct node_uid, doc_type from told
),

factors as (
    select product_uid, max(qty_num) as qty_num, max(qty_den) as qty_den
    from {{ ref('int_uom__converted') }}
    where qty_num <> qty_den
    group by product_uid
),

paired as (
    select
        coalesce(told.node_uid, posted.node_uid) as node_uid,
        coalesce(told.product_uid, posted.product_uid) as product_uid,
        coalesce(told.doc_type, posted.doc_type) as doc_type,
        coalesce(told.doc_no, posted.doc_no) as doc_no,
        coalesce(told.told_qty, 0) as told_qty,
        coalesce(posted.posted_qty, 0) as posted_qty,
        coalesce(told.late_qty, 0) as late_qty,
        coalesce(posted.postings, 0) as postings,
        told.node_uid is not null as is_told,
        told.told_at,
        posted.posted_at,
        coalesce(greatest(told.loaded_at, posted.loaded_at), told.loaded_at, posted.loaded_at) as loaded_at
    from told
    full outer join posted
        on
            told.node_uid = posted.node_uid
            and told.product_uid = posted.product_uid
            and told.doc_type = posted.doc_type
            and told.doc_no = posted.doc_no
),

differing as (
    select * from paired where told_qty <> posted_qty
),

-- The same document with the opposite difference: at another article of the node, or at another node.
mirrored as (
    select
        mine.node_uid,
        mine.product_uid,
        mine.doc_type,
        mine.doc_no,
        bool_or(mine.node_uid = theirs.node_uid) as is_other_product,
        bool_or(mine.product_uid = theirs.product_uid) as is_other_node
    from differing as mine
    inner join differing as theirs
        on
            mine.doc_type = theirs.doc_type
            and mine.doc_no = theirs.doc_no
            and mine.told_qty - mine.posted_qty = theirs.posted_qty - theirs.told_qty
            -- One knows of it and did not post it, the other posted it and knows nothing of it.
            and (
                (mine.posted_qty = 0 and theirs.told_qty = 0)
                or (mine.told_qty = 0 and theirs.posted_qty = 0)
            )
            and (
                (mine.node_uid = theirs.node_uid and mine.product_uid <> theirs.product_uid)
                or (mine.node_uid <> theirs.node_uid and mine.product_uid = theirs.product_uid)
            )
    group by mine.node_uid, mine.product_uid, mine.doc_type, mine.doc_no
)

select
    paired.node_uid,
    paired.product_uid,
    paired.doc_type,
    paired.doc_no,
    paired.told_qty,
    paired.posted_qty,
    paired.late_qty,
    paired.postings,
    paired.told_qty - paired.posted_qty as qty_diff,
    case
        when paired.told_qty = paired.posted_qty and paired.late_qty <> 0 then 'late'
        when paired.told_qty = paired.posted_qty then 'matched'
        -- The same article elsewhere says more than another one here.
        when mirrored.is_other_node then 'misplaced'
        when mirrored.is_other_product then 'mis_mapped'
        when telling.node_uid is null then 'untold'
        when not paired.is_told then 'over'
        -- Never posted, or reversed since.
        when paired.posted_qty = 0 then 'missing'
        when paired.postings > 1 and paired.posted_qty = paired.told_qty * paired.postings then 'duplicate'
        when
            paired.posted_qty * factors.qty_num = paired.told_qty * factors.qty_den
            or paired.posted_qty * factors.qty_den = paired.told_qty * factors.qty_num
            then 'pack_factor'
        when abs(paired.posted_qty) < abs(paired.told_qty) then 'short'
        else 'over'
    end as class,
    paired.told_at,
    paired.posted_at,
    paired.loaded_at
from paired
left join mirrored
    on
        paired.node_uid = mirrored.node_uid
        and paired.product_uid = mirrored.product_uid
        and paired.doc_type = mirrored.doc_type
        and paired.doc_no = mirrored.doc_no
left join telling on paired.node_uid = telling.node_uid and paired.doc_type = telling.doc_type
left join factors on paired.product_uid = factors.product_uid
