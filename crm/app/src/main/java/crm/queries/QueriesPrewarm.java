package crm.queries;

import crm.pod.PrewarmPlan;
import io.agroal.api.AgroalDataSource;
import jakarta.inject.Singleton;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Every query once a round, and the SQL that an event will need. */
@Singleton
public class QueriesPrewarm implements PrewarmPlan {

    private final JournalListener listener;
    private final Projection projection;
    private final ProjectionLoader loader;
    private final AgroalDataSource database;
    private List<Long> customerIds = List.of();
    private List<Long> orderIds = List.of();

    QueriesPrewarm(
            JournalListener listener, Projection projection, ProjectionLoader loader, AgroalDataSource database) {
        this.listener = listener;
        this.projection = projection;
        this.loader = loader;
        this.database = database;
    }

    @Override
    public void awaitData() throws InterruptedException {
        listener.awaitLoaded();
        customerIds = projection.customerIds(100);
        orderIds = projection.someOrderIds(100);
    }

    @Override
    public List<SelfRequest> round(int number) throws SQLException {
        if (customerIds.isEmpty() || orderIds.isEmpty()) {
            return List.of(SelfRequest.get("/customers/ids?limit=10"), SelfRequest.get("/customers/0"));
        }
        long customerId = customerIds.get(number % customerIds.size());
        long orderId = orderIds.get(number % orderIds.size());
        if (number < 5) {
            try (Connection connection = database.getConnection()) {
                loader.refresh(connection, List.of(customerId), List.of(orderId));
            }
        }
        Customer customer = projection.customer(customerId);
        String city = URLEncoder.encode(customer.city(), StandardCharsets.UTF_8);
        return List.of(
                SelfRequest.get("/customers/" + customerId),
                new SelfRequest("GET", "/customers/" + customerId, null, QueriesResource.tag(customer).toString()),
                SelfRequest.get("/customers/" + customerId + "/orders"),
                SelfRequest.get("/orders/" + orderId),
                SelfRequest.get("/customers?city=" + city),
                SelfRequest.get("/customers/ids?limit=10"));
    }
}
