package crm.outbox;

import crm.Settings;
import io.agroal.api.AgroalDataSource;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Takes events out of the journal, a locked batch at a time, so that several outbox pods never send the same one. */
@Singleton
public class Dispatcher {

    private static final String BATCH =
            "SELECT id, event_id, type, territory, aggregate_id, payload::text FROM integration.event_journal"
                    + " WHERE dispatched_at IS NULL ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED";
    private static final String DELIVER =
            "INSERT INTO integration.delivery (event_id, type, territory, aggregate_id, payload)"
                    + " SELECT event_id, type, territory, aggregate_id, payload"
                    + " FROM integration.event_journal WHERE id = ANY (?) ON CONFLICT (event_id) DO NOTHING";
    private static final String DISPATCHED =
            "UPDATE integration.event_journal SET dispatched_at = clock_timestamp() WHERE id = ANY (?)";
    private static final String FORGET =
            "WITH gone AS (DELETE FROM integration.event_journal"
                    + " WHERE dispatched_at < now() - make_interval(secs => ?) RETURNING 1),"
                    + " delivered AS (DELETE FROM integration.delivery"
                    + " WHERE delivered_at < now() - make_interval(secs => ?))"
                    + " SELECT count(*) FROM gone";

    private final AgroalDataSource database;
    private final HttpSink sink;
    private final Settings settings;

    Dispatcher(AgroalDataSource database, HttpSink sink, Settings settings) {
        this.database = database;
        this.sink = sink;
        this.settings = settings;
    }

    /** Sends one batch; returns how many events it had. A failure leaves them for the next time. */
    int dispatchBatch() throws Exception {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            try {
                List<OutboxEvent> events = batch(connection);
                if (!events.isEmpty()) {
                    Object[] ids = events.stream().map(OutboxEvent::id).toArray();
                    if (settings.outbox().sinkUrl().isPresent()) {
                        sink.deliver(settings.outbox().sinkUrl().get(), events);
                    } else {
                        update(connection, DELIVER, ids);
                    }
                    update(connection, DISPATCHED, ids);
                }
                connection.commit();
                return events.size();
            } finally {
                connection.rollback();
            }
        }
    }

    /** Deletes what was dispatched longer ago than the retention; returns how many events. */
    long forgetOld() throws SQLException {
        double seconds = settings.journal().retention().toMillis() / 1000.0;
        try (Connection connection = database.getConnection();
                PreparedStatement delete = connection.prepareStatement(FORGET)) {
            delete.setDouble(1, seconds);
            delete.setDouble(2, seconds);
            try (ResultSet row = delete.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    private List<OutboxEvent> batch(Connection connection) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(BATCH)) {
            select.setInt(1, settings.outbox().batch());
            try (ResultSet row = select.executeQuery()) {
                List<OutboxEvent> events = new ArrayList<>();
                while (row.next()) {
                    events.add(new OutboxEvent(
                            row.getLong(1),
                            row.getObject(2, UUID.class),
                            row.getString(3),
                            row.getString(4),
                            row.getLong(5),
                            row.getString(6)));
                }
                return events;
            }
        }
    }

    private static void update(Connection connection, String sql, Object[] ids) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement(sql)) {
            update.setArray(1, connection.createArrayOf("bigint", ids));
            update.executeUpdate();
        }
    }
}
