package crm.queries;

import java.time.Instant;
import java.util.List;

/** An order as the hot projection holds it; money in euro or franc cents. */
public record Order(
        long id,
        long customerId,
        String territory,
        String status,
        long totalCents,
        int version,
        Instant createdAt,
        List<Item> items) {

    public record Item(String sku, int quantity, int priceCents) {}
}
