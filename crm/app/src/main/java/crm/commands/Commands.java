package crm.commands;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import crm.Settings;
import io.agroal.api.AgroalDataSource;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;
import org.jboss.logging.Logger;

/**
 * Runs a change and journals its event in one transaction. The notification is a courtesy: where the database's queue is
 * full, the change goes through without it and the readers find the event in the journal.
 */
@Singleton
public class Commands {

    private static final Logger LOG = Logger.getLogger(Commands.class);
    /** program_limit_exceeded: "too many notifications in the NOTIFY queue", raised by the commit. */
    private static final String QUEUE_FULL = "54000";
    private static final String JOURNAL =
            "INSERT INTO integration.event_journal (type, territory, aggregate_id, payload)"
                    + " VALUES (?, ?, ?, ?::jsonb) RETURNING id, event_id";
    private static final String JOURNAL_AND_NOTIFY = "WITH entry AS (" + JOURNAL + ", type, territory)"
            + " SELECT id, event_id, pg_notify('crm_events',"
            + " json_build_object('id', id, 'type', type, 'territory', territory)::text) FROM entry";

    private final AgroalDataSource database;
    private final ObjectMapper json;
    private final String territory;
    private final Counter notifySkipped;

    Commands(AgroalDataSource database, ObjectMapper json, Settings settings, MeterRegistry registry) {
        this.database = database;
        this.json = json;
        this.territory = settings.servedTerritory();
        this.notifySkipped = registry.counter("crm.notify.skipped");
    }

    /** What a change did: the answer's body, and the event that the journal gets. */
    record Done(String type, long aggregateId, Object body, Map<String, Object> payload) {}

    /** A change of business rows; it neither commits nor rolls back. */
    @FunctionalInterface
    interface Change {
        Done apply(Connection connection) throws SQLException;
    }

    /** A change as it was written, with its event's two names. */
    record Written(Done done, long journalId, UUID eventId) {}

    /** Applies the change for good. */
    Written commit(Change change) throws SQLException {
        try {
            return write(change, JOURNAL_AND_NOTIFY, true);
        } catch (SQLException failure) {
            if (!QUEUE_FULL.equals(failure.getSQLState())) {
                throw failure;
            }
            notifySkipped.increment();
            LOG.debugf("the queue for notifications is full, journal only: %s", failure.getMessage());
            return write(change, JOURNAL, true);
        }
    }

    /** Does everything that {@link #commit} does and then takes it back: for pre-warm. */
    Written tryOut(Change change) throws SQLException {
        return write(change, JOURNAL_AND_NOTIFY, false);
    }

    private Written write(Change change, String journal, boolean keep) throws SQLException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            try {
                Done done = change.apply(connection);
                Written written = journal(connection, journal, done);
                if (keep) {
                    connection.commit();
                }
                return written;
            } finally {
                // After a commit there is nothing left to roll back.
                connection.rollback();
            }
        }
    }

    private Written journal(Connection connection, String sql, Done done) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(sql)) {
            insert.setString(1, done.type());
            insert.setString(2, territory);
            insert.setLong(3, done.aggregateId());
            insert.setString(4, text(done.payload()));
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                return new Written(done, row.getLong(1), row.getObject(2, UUID.class));
            }
        }
    }

    private String text(Map<String, Object> payload) {
        try {
            return json.writeValueAsString(payload);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("An event's payload must be plain values.", impossible);
        }
    }
}
