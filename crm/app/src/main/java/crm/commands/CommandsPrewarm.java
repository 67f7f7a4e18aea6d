package crm.commands;

import crm.Settings;
import crm.pod.PrewarmPlan;
import io.agroal.api.AgroalDataSource;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/** Every command once a round, on real customers, in transactions that are taken back. */
@Singleton
public class CommandsPrewarm implements PrewarmPlan {

    private static final Logger LOG = Logger.getLogger(CommandsPrewarm.class);
    // Random customers: pods that warm up side by side must not wait for each other's row locks.
    private static final String CUSTOMERS =
            "SELECT id FROM crm.customer WHERE territory = ? ORDER BY random() LIMIT 50";
    private static final String PRODUCTS = "SELECT sku FROM crm.product ORDER BY sku LIMIT 20";

    private final AgroalDataSource database;
    private final Settings settings;
    private List<String> customerIds = List.of();
    private List<String> skus = List.of();

    CommandsPrewarm(AgroalDataSource database, Settings settings) {
        this.database = database;
        this.settings = settings;
    }

    @Override
    public void awaitData() throws InterruptedException {
        while (true) {
            try (Connection connection = database.getConnection()) {
                customerIds = strings(connection, CUSTOMERS, settings.servedTerritory());
                skus = strings(connection, PRODUCTS);
                return;
            } catch (SQLException failure) {
                LOG.warnf("waiting for the database: %s", failure.getMessage());
                Thread.sleep(500);
            }
        }
    }

    @Override
    public List<SelfRequest> round(int number) {
        if (customerIds.isEmpty() || skus.isEmpty()) {
            return List.of(new SelfRequest("POST", "/samples", "{}", null));
        }
        String customerId = customerIds.get(number % customerIds.size());
        String first = skus.get(number % skus.size());
        String second = skus.get((number + 1) % skus.size());
        String order = "{\"customerId\":%s,\"items\":[{\"sku\":\"%s\",\"quantity\":2},{\"sku\":\"%s\",\"quantity\":1}]}"
                .formatted(customerId, first, second);
        String sample = "{\"customerId\":%s,\"sku\":\"%s\"}".formatted(customerId, first);
        return List.of(
                new SelfRequest("POST", "/orders", order, null),
                new SelfRequest("POST", "/samples", sample, null),
                new SelfRequest("PATCH", "/customers/" + customerId, "{\"phone\":\"+49 555 000000\"}", null),
                new SelfRequest("POST", "/orders", order, null),
                new SelfRequest("POST", "/samples", "{}", null));
    }

    private static List<String> strings(Connection connection, String sql, String... values) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                select.setString(i + 1, values[i]);
            }
            try (ResultSet row = select.executeQuery()) {
                List<String> found = new ArrayList<>();
                while (row.next()) {
                    found.add(row.getString(1));
                }
                return found;
            }
        }
    }
}
