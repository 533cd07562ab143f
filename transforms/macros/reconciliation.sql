{#-
    What a person should do about an answered difference, a row of int_stock__answered: settle whose
    name it is where that is doubted, else what its class asks for; empty where nothing is to be done.
-#}
{% macro next_step_of(answered) -%}
    case
        when {{ answered }}.doubt_task_uid is not null
            then 'Settle first which article it is: crossdock tasks show ' || {{ answered }}.doubt_task_uid
        else case {{ answered }}.class
            when 'duplicate_document' then 'Have the second posting of the document reversed in the ERP.'
            when 'pack_factor' then 'Have the quantity corrected to base units where it was entered in packs.'
            when 'mis_mapped' then 'Have the posting moved to the right article.'
            when 'misplaced' then 'Have the posting moved to the right node.'
            when 'missing_document' then 'Have the document posted in the ERP, or ask the node to send it again.'
            when 'unposted_adjustment' then 'Have the count posted in the ERP.'
            when 'several_documents' then 'Go through the documents named; each has its own cause.'
            when 'unexplained' then 'Count it.'
            else ''
        end
    end
{%- endmacro %}
