package crm.outbox;

import io.agroal.api.AgroalDataSource;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** What the database says about the queue for notifications and about the outbox. NaN where it could not be asked. */
@Singleton
public class DatabaseGauges {

    private static final String SAMPLE =
            "SELECT pg_notification_queue_usage(), count(*),"
                    + " coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)"
                    + " FROM integration.event_journal WHERE dispatched_at IS NULL";

    private record Sample(double queueUsage, double depth, double lagSeconds) {
        static final Sample UNKNOWN = new Sample(Double.NaN, Double.NaN, Double.NaN);
    }

    private final AgroalDataSource database;
    private volatile Sample sample = Sample.UNKNOWN;

    DatabaseGauges(AgroalDataSource database, MeterRegistry registry) {
        this.database = database;
        registry.gauge("pg.notification.queue.usage", this, gauges -> gauges.sample.queueUsage);
        registry.gauge("outbox.queue.depth", this, gauges -> gauges.sample.depth);
        registry.gauge("outbox.dispatch.lag.seconds", this, gauges -> gauges.sample.lagSeconds);
    }

    void read() throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement(SAMPLE);
                ResultSet row = select.executeQuery()) {
            row.next();
            sample = new Sample(row.getDouble(1), row.getDouble(2), row.getDouble(3));
        } catch (SQLException failure) {
            // An old number would look like a healthy database.
            sample = Sample.UNKNOWN;
            throw failure;
        }
    }
}
