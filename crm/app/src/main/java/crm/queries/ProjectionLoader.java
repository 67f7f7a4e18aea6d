package crm.queries;

import io.agroal.api.AgroalDataSource;
import jakarta.inject.Singleton;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads customers and orders from the database into the projection: all of a territory, or some by id. */
@Singleton
public class ProjectionLoader {

    private static final String CUSTOMERS =
            "SELECT id, territory, name, branch, street, postcode, city, email, phone, version FROM crm.customer WHERE ";
    private static final String ORDERS =
            "SELECT o.id, o.customer_id, o.territory, o.status, o.total_cents, o.version, o.created_at,"
                    + " i.sku, i.quantity, i.price_cents"
                    + " FROM crm.sales_order AS o LEFT JOIN crm.order_item AS i ON i.order_id = o.id WHERE ";

    private final AgroalDataSource database;
    private final Projection projection;

    ProjectionLoader(AgroalDataSource database, Projection projection) {
        this.database = database;
        this.projection = projection;
    }

    /** Loads the territory and returns the snapshot ({@code pg_snapshot} as text) that was loaded. */
    public String loadAll(String territory) throws SQLException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            try {
                String snapshot;
                try (PreparedStatement select = connection.prepareStatement("SELECT pg_current_snapshot()::text");
                        ResultSet row = select.executeQuery()) {
                    row.next();
                    snapshot = row.getString(1);
                }
                try (PreparedStatement select = connection.prepareStatement(CUSTOMERS + "territory = ?")) {
                    select.setString(1, territory);
                    projection.putCustomers(customers(select));
                }
                try (PreparedStatement select = connection.prepareStatement(ORDERS + "o.territory = ? ORDER BY o.id, i.position")) {
                    select.setString(1, territory);
                    projection.putOrders(orders(select));
                }
                connection.commit();
                return snapshot;
            } finally {
                connection.rollback();
                connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            }
        }
    }

    public void refresh(Connection connection, Collection<Long> customerIds, Collection<Long> orderIds)
            throws SQLException {
        if (!customerIds.isEmpty()) {
            try (PreparedStatement select = connection.prepareStatement(CUSTOMERS + "id = ANY (?)")) {
                select.setArray(1, bigints(connection, customerIds));
                projection.putCustomers(customers(select));
            }
        }
        if (!orderIds.isEmpty()) {
            try (PreparedStatement select = connection.prepareStatement(ORDERS + "o.id = ANY (?) ORDER BY o.id, i.position")) {
                select.setArray(1, bigints(connection, orderIds));
                projection.putOrders(orders(select));
            }
        }
    }

    static Array bigints(Connection connection, Collection<Long> ids) throws SQLException {
        return connection.createArrayOf("bigint", ids.toArray());
    }

    private static List<Customer> customers(PreparedStatement select) throws SQLException {
        List<Customer> found = new ArrayList<>();
        try (ResultSet row = select.executeQuery()) {
            while (row.next()) {
                found.add(new Customer(
                        row.getLong(1),
                        row.getString(2).intern(),
                        row.getString(3),
                        row.getString(4).intern(),
                        row.getString(5),
                        row.getString(6).intern(),
                        row.getString(7).intern(),
                        row.getString(8),
                        row.getString(9),
                        row.getInt(10)));
            }
        }
        return found;
    }

    private static Collection<Order> orders(PreparedStatement select) throws SQLException {
        Map<Long, Order> found = new LinkedHashMap<>();
        try (ResultSet row = select.executeQuery()) {
            while (row.next()) {
                Order order = found.get(row.getLong(1));
                if (order == null) {
                    order = new Order(
                            row.getLong(1),
                            row.getLong(2),
                            row.getString(3).intern(),
                            row.getString(4).intern(),
                            row.getLong(5),
                            row.getInt(6),
                            row.getTimestamp(7).toInstant(),
                            new ArrayList<>(3));
                    found.put(order.id(), order);
                }
                String sku = row.getString(8);
                if (sku != null) {
                    order.items().add(new Order.Item(sku.intern(), row.getInt(9), row.getInt(10)));
                }
            }
        }
        return found.values();
    }
}
