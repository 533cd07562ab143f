-- What lies of a product at a node, by everybody who says so, and why they differ: the node's own
-- system (WMS or 3PL), the sum of the WMS's movements, the ERP's book with what is on its way to it,
-- and the shop. The first explanation that accounts for the whole difference is the class.
with positions as (
    select
        node_uid,
        product_uid,
        sum(case when source_system in ('wms', 'threepl') then qty end) as node_qty,
        sum(case when source_system = 'wms_ledger' then qty end) as ledger_qty,
        sum(case when source_system = 'erp' then qty end) as erp_qty,
        max(case when source_system in ('wms', 'threepl') then source_system end) as node_source,
        max(case when source_system in ('wms', 'threepl') then source_as_of end) as node_as_of,
        max(case when source_system = 'erp' then source_as_of end) as erp_as_of,
        max(loaded_at) as loaded_at
    from {{ ref('int_stock__positioned') }}
    where orphan_reason is null
    group by node_uid, product_uid
),

factors as (
    select product_uid, max(qty_num) as qty_num, max(qty_den) as qty_den
    from {{ ref('int_uom__converted') }}
    where qty_num <> qty_den
    group by product_uid
),

-- Lots whose stock in the WMS is not what its movements come to, and whether in each of them one is
-- the other times the case factor; a quotient is kept to six decimals, hence the tolerance.
lots as (
    select
        node_uid,
        product_uid,
        coalesce(sum(case when source_system = 'wms' then qty end), 0) as node_qty,
        coalesce(sum(case when source_system = 'wms_ledger' then qty end), 0) as ledger_qty
    from {{ ref('int_stock__positioned') }}
    where orphan_reason is null and source_system in ('wms', 'wms_ledger')
    group by node_uid, product_uid, lot_code, disposition
),

torn as (
    select
        lots.node_uid,
        lots.product_uid,
        bool_and(coalesce(
            abs(lots.node_qty * factors.qty_num - lots.ledger_qty * factors.qty_den) < 0.0001
            or abs(lots.node_qty * factors.qty_den - lots.ledger_qty * factors.qty_num) < 0.0001,
            false
        )) as is_by_factor
    from lots
    left join factors on lots.product_uid = factors.product_uid
    where lots.node_qty <> lots.ledger_qty
    group by lots.node_uid, lots.product_uid
),

documents as (
    select
        node_uid,
        product_uid,
        sum(late_qty) as late_qty,
        sum(case when class = 'duplicate' then qty_diff else 0 end) as duplicate_qty,
        sum(case when class = 'pack_factor' then qty_diff else 0 end) as pack_qty,
        sum(case when class = 'mis_mapped' then qty_diff else 0 end) as mis_mapped_qty,
        sum(case when class = 'misplaced' then qty_diff else 0 end) as misplaced_qty,
        sum(case when class = 'missing' and doc_type <> 'count' then qty_diff else 0 end) as missing_qty,
        sum(case when class = 'missing' and doc_type = 'count' then qty_diff else 0 end) as unposted_qty,
        sum(case when class in ('short', 'over') then qty_diff else 0 end) as other_qty,
        string_agg(
            case
                when class not in ('matched', 'late', 'untold')
                    then doc_type || ' ' || doc_no || ' ' || class || ': ' || cast(told_qty as varchar)
                    || ' at the node, ' || cast(posted_qty as varchar) || ' in the ERP'
            end,
            '; ' order by doc_type, doc_no
        ) as said
    from {{ ref('int_stock_document__paired') }}
    where class <> 'matched'
    group by node_uid, product_uid
),

-- Movements that were not kept from the first day on come to nothing that stock must equal: where they
-- contradict it for most products of a node, they are no witness.
witnesses as (
    select
        positions.node_uid,
        sum(case when torn.node_uid is not null then 1 else 0 end) * 2 <= count(*) as is_heard
    from positions
    left join torn
        on positions.node_uid = torn.node_uid and positions.product_uid = torn.product_uid
    where positions.ledger_qty is not null
    group by positions.node_uid
),

heard as (
    select
        positions.node_uid,
        positions.product_uid,
        positions.node_qty,
        case when witnesses.is_heard then positions.ledger_qty end as ledger_qty,
        positions.erp_qty,
        positions.node_source,
        positions.node_as_of,
        positions.erp_as_of,
        positions.loaded_at
    from positions
    left join witnesses on positions.node_uid = witnesses.node_uid
),

compared as (
    select
        heard.*,
        coalesce(documents.late_qty, 0) as late_qty,
        coalesce(documents.duplicate_qty, 0) as duplicate_qty,
        coalesce(documents.pack_qty, 0) as pack_qty,
        coalesce(documents.mis_mapped_qty, 0) as mis_mapped_qty,
        coalesce(documents.misplaced_qty, 0) as misplaced_qty,
        coalesce(documents.missing_qty, 0) as missing_qty,
        coalesce(documents.unposted_qty, 0) as unposted_qty,
        coalesce(documents.other_qty, 0) as other_qty,
        documents.said,
        -- What the node's own system would say, if its figure were the sum of its movements.
        coalesce(heard.ledger_qty, heard.node_qty) as moved_qty,
        coalesce(heard.ledger_qty, heard.node_qty) - heard.erp_qty
        - coalesce(documents.late_qty, 0) as residual,
        coalesce(heard.node_qty <> heard.ledger_qty, false) as is_torn,
        coalesce(torn.is_by_factor, false) as is_torn_by_factor,
        coalesce(
            heard.erp_qty <> 0 and (
                heard.node_qty * factors.qty_num = heard.erp_qty * factors.qty_den
                or heard.node_qty * factors.qty_den = heard.erp_qty * factors.qty_num
            ),
            false
        ) as is_apart_by_factor
    from heard
    left join documents
        on heard.node_uid = documents.node_uid and heard.product_uid = documents.product_uid
    left join torn
        on heard.node_uid = torn.node_uid and heard.product_uid = torn.product_uid
    left join factors on heard.product_uid = factors.product_uid
),

-- Without documents to tell: a difference that stands once more, the other way round.
opposites as (
    select
        mine.node_uid,
        mine.product_uid,
        sum(case when mine.node_uid = theirs.node_uid then 1 else 0 end) as at_node,
        sum(case when mine.product_uid = theirs.product_uid then 1 else 0 end) as at_product
    from compared as mine
    inner join compared as theirs
        on
            mine.residual = -theirs.residual
            and mine.residual <> 0
            and mine.said is null
            and theirs.said is null
            and (
                (mine.node_uid = theirs.node_uid and mine.product_uid <> theirs.product_uid)
                or (mine.node_uid <> theirs.node_uid and mine.product_uid = theirs.product_uid)
            )
            -- A few pieces more and less are counts and breakage, not a mix-up.
            and abs(mine.residual) >= {{ var('mix_up_from') }}
    group by mine.node_uid, mine.product_uid
)

select
    compared.node_uid,
    compared.product_uid,
    compared.node_source,
    compared.node_qty,
    compared.ledger_qty,
    compared.erp_qty,
    compared.late_qty,
    compared.residual,
    compared.is_torn,
    compared.said,
    compared.node_as_of,
    compared.erp_as_of,
    case
        when compared.node_qty is null or compared.erp_qty is null then 'single_source'
        when compared.is_torn and compared.is_torn_by_factor then 'pack_factor'
        when compared.is_torn then 'unexplained'
        when compared.residual = 0 and compared.late_qty = 0 then 'agreed'
        when compared.residual = 0 then 'in_flight'
        when compared.residual = compared.duplicate_qty then 'duplicate_document'
        when compared.residual = compared.pack_qty then 'pack_factor'
        when compared.residual = compared.mis_mapped_qty then 'mis_mapped'
        when compared.residual = compared.misplaced_qty then 'misplaced'
        when compared.residual = compared.missing_qty then 'missing_document'
        when compared.residual = compared.unposted_qty then 'unposted_adjustment'
        when compared.said is null and compared.is_apart_by_factor then 'pack_factor'
        when compared.said is null and opposites.at_node = 1 then 'mis_mapped'
        when compared.said is null and opposites.at_product = 1 then 'misplaced'
        when
            compared.residual = compared.duplicate_qty + compared.pack_qty + compared.mis_mapped_qty
            + compared.misplaced_qty + compared.missing_qty + compared.unposted_qty + compared.other_qty
            then 'several_documents'
        else 'unexplained'
    end as class,
    case
        when compared.node_qty is null or compared.erp_qty is null then null
        when compared.is_torn then compared.node_source
        when compared.residual <> 0 then 'erp'
    end as suspect,
    compared.loaded_at
from compared
left join opposites
    on compared.node_uid = opposites.node_uid and compared.product_uid = opposites.product_uid
