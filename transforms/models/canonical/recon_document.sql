with final as (
    select * from {{ ref('int_stock_document__paired') }}
)

{{ canonical('recon_document', 'final') }}
