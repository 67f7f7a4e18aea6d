package crm.commands;

import crm.Settings;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The three changes that the CRM knows, as SQL. */
@Singleton
public class Changes {

    /** The command names something that does not exist; {@code status} is the HTTP status for it. */
    static final class Refused extends RuntimeException {
        final int status;

        Refused(int status, String message) {
            super(message, null, false, false);
            this.status = status;
        }
    }

    record Placed(long id, long customerId, String territory, String status, long totalCents) {}

    record Requested(long id, long customerId, String territory, String sku) {}

    record Changed(long id, String territory, int version) {}

    private final String territory;

    Changes(Settings settings) {
        this.territory = settings.servedTerritory();
    }

    Commands.Done placeOrder(Connection connection, Requests.PlaceOrder order) throws SQLException {
        requireCustomer(connection, order.customerId());
        List<String> skus = order.items().stream().map(Requests.PlaceOrder.Line::sku).toList();
        Map<String, Integer> prices = prices(connection, skus);
        long total = order.items().stream().mapToLong(i -> (long) i.quantity() * prices.get(i.sku())).sum();
        long id = insertedId(
                connection,
                "INSERT INTO crm.sales_order (customer_id, territory, total_cents) VALUES (?, ?, ?) RETURNING id",
                order.customerId(),
                territory,
                total);
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO crm.order_item (order_id, position, sku, quantity, price_cents)"
                        + " SELECT ?, position, sku, quantity, price_cents"
                        + " FROM unnest(?::text[], ?::int[], ?::int[]) WITH ORDINALITY"
                        + " AS line (sku, quantity, price_cents, position)")) {
            insert.setLong(1, id);
            insert.setArray(2, connection.createArrayOf("text", skus.toArray()));
            insert.setArray(3, connection.createArrayOf(
                    "int", order.items().stream().map(Requests.PlaceOrder.Line::quantity).toArray()));
            insert.setArray(4, connection.createArrayOf("int", skus.stream().map(prices::get).toArray()));
            insert.executeUpdate();
        }
        return new Commands.Done(
                "order.placed",
                id,
                new Placed(id, order.customerId(), territory, "placed", total),
                Map.of("customerId", order.customerId(), "totalCents", total, "items", order.items().size()));
    }

    Commands.Done requestSample(Connection connection, Requests.RequestSample sample) throws SQLException {
        requireCustomer(connection, sample.customerId());
        prices(connection, List.of(sample.sku()));
        long id = insertedId(
                connection,
                "INSERT INTO crm.sample_request (customer_id, territory, sku) VALUES (?, ?, ?) RETURNING id",
                sample.customerId(),
                territory,
                sample.sku());
        return new Commands.Done(
                "sample.requested",
                id,
                new Requested(id, sample.customerId(), territory, sample.sku()),
                Map.of("customerId", sample.customerId(), "sku", sample.sku()));
    }

    Commands.Done changeCustomer(Connection connection, long id, Requests.ChangeCustomer change) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(
                "UPDATE crm.customer SET name = coalesce(?, name), street = coalesce(?, street),"
                        + " postcode = coalesce(?, postcode), city = coalesce(?, city), email = coalesce(?, email),"
                        + " phone = coalesce(?, phone), version = version + 1, changed_at = now()"
                        + " WHERE id = ? AND territory = ? RETURNING version")) {
            update.setString(1, change.name());
            update.setString(2, change.street());
            update.setString(3, change.postcode());
            update.setString(4, change.city());
            update.setString(5, change.email());
            update.setString(6, change.phone());
            update.setLong(7, id);
            update.setString(8, territory);
            try (ResultSet row = update.executeQuery()) {
                if (!row.next()) {
                    throw noCustomer(id);
                }
                int version = row.getInt(1);
                return new Commands.Done(
                        "customer.changed", id, new Changed(id, territory, version), Map.of("version", version));
            }
        }
    }

    private void requireCustomer(Connection connection, long id) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("SELECT 1 FROM crm.customer WHERE id = ? AND territory = ?")) {
            select.setLong(1, id);
            select.setString(2, territory);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    throw noCustomer(id);
                }
            }
        }
    }

    private Refused noCustomer(long id) {
        return new Refused(404, "There is no customer " + id + " in " + territory + ".");
    }

    /** In cents, by SKU. */
    private static Map<String, Integer> prices(Connection connection, List<String> skus) throws SQLException {
        Map<String, Integer> prices = new HashMap<>();
        try (PreparedStatement select =
                connection.prepareStatement("SELECT sku, price_cents FROM crm.product WHERE sku = ANY (?)")) {
            select.setArray(1, connection.createArrayOf("text", skus.toArray()));
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    prices.put(row.getString(1), row.getInt(2));
                }
            }
        }
        for (String sku : skus) {
            if (!prices.containsKey(sku)) {
                throw new Refused(422, "There is no product " + sku + ".");
            }
        }
        return prices;
    }

    private static long insertedId(Connection connection, String sql, Object... values) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                insert.setObject(i + 1, values[i]);
            }
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }
}
