{{ config(materialized='table') }}
SELECT * FROM {{ ref('orders') }} WHERE placed_at > {{ var('since') }};
