package crm.queries;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import crm.Settings;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.jboss.logging.Logger;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * Keeps the projection up to date on one thread: hears notifications on one dedicated connection, and reads the journal
 * beside it, because a notification can be skipped (full queue) or missed (lost connection).
 */
@Singleton
public class JournalListener {

    private static final Logger LOG = Logger.getLogger(JournalListener.class);
    private static final long HEARTBEAT_NANOS = 5_000_000_000L;
    private static final long[] BACKOFF_MILLIS = {100, 250, 500, 1000, 2000};

    private final Settings settings;
    private final ProjectionLoader loader;
    private final EventIntake intake;
    private final ObjectMapper json;
    private final MeterRegistry registry;
    private final CountDownLatch loaded = new CountDownLatch(1);
    private volatile boolean stopped;
    private volatile boolean connected;
    private volatile Connection listening;
    private long nextPoll;
    private long nextHeartbeat;

    JournalListener(
            Settings settings, ProjectionLoader loader, EventIntake intake, ObjectMapper json, MeterRegistry registry) {
        this.settings = settings;
        this.loader = loader;
        this.intake = intake;
        this.json = json;
        this.registry = registry;
    }

    public void start() {
        Thread thread = new Thread(this::run, "crm-listen");
        thread.setDaemon(true);
        thread.start();
    }

    public void stop() {
        stopped = true;
        close(listening);
    }

    /** Blocks until the projection holds the territory. */
    public void awaitLoaded() throws InterruptedException {
        loaded.await();
    }

    private void run() {
        int failures = 0;
        while (!stopped) {
            try (Connection connection = open()) {
                listening = connection;
                // LISTEN comes before the load, so that nothing falls between the two.
                execute(connection, "LISTEN crm_events");
                if (loaded.getCount() > 0) {
                    intake.seenUpTo(loader.loadAll(settings.servedTerritory()));
                    loaded.countDown();
                    // From here on and not before: a pod that is still starting has no listener that could be down.
                    registry.gauge("crm.listener.connected", this, listener -> listener.connected ? 1 : 0);
                } else if (settings.journal().fallback()) {
                    intake.readJournal(Ledger.How.CATCHUP);
                }
                connected = true;
                failures = 0;
                listen(connection);
            } catch (SQLException failure) {
                if (!stopped) {
                    connected = false;
                    LOG.warnf("listener: %s", failure.getMessage());
                    pause(BACKOFF_MILLIS[Math.min(failures++, BACKOFF_MILLIS.length - 1)]);
                    pollIfDue();
                }
            }
        }
    }

    private void listen(Connection connection) throws SQLException {
        PGConnection notifications = connection.unwrap(PGConnection.class);
        nextPoll = System.nanoTime() + settings.journal().poll().toNanos();
        nextHeartbeat = System.nanoTime() + HEARTBEAT_NANOS;
        while (!stopped) {
            long due = Math.min(nextPoll, nextHeartbeat) - System.nanoTime();
            // 0 would wait for ever.
            PGNotification[] heard = notifications.getNotifications((int) Math.max(1, due / 1_000_000));
            if (heard != null && heard.length > 0) {
                take(heard);
            }
            pollIfDue();
            if (System.nanoTime() >= nextHeartbeat) {
                // A connection that went silent looks like a quiet day; the socket timeout of this query tells them apart.
                execute(connection, "SELECT 1");
                nextHeartbeat = System.nanoTime() + HEARTBEAT_NANOS;
            }
        }
    }

    private void take(PGNotification[] heard) {
        List<Long> ids = new ArrayList<>(heard.length);
        for (PGNotification notification : heard) {
            try {
                JsonNode event = json.readTree(notification.getParameter());
                if (settings.servedTerritory().equals(event.path("territory").asText())
                        && event.path("id").isIntegralNumber()) {
                    ids.add(event.path("id").asLong());
                }
            } catch (JsonProcessingException foreign) {
                LOG.debugf("not one of our events on crm_events: %s", notification.getParameter());
            }
        }
        try {
            intake.take(ids);
        } catch (SQLException failure) {
            // The snapshot has not moved, so the next read of the journal finds these events.
            LOG.warnf("%d notified events wait for the journal: %s", ids.size(), failure.getMessage());
        }
    }

    private void pollIfDue() {
        if (loaded.getCount() > 0 || System.nanoTime() < nextPoll) {
            return;
        }
        if (settings.journal().fallback()) {
            try {
                intake.readJournal(Ledger.How.POLL);
            } catch (SQLException failure) {
                LOG.warnf("journal: %s", failure.getMessage());
            }
        }
        nextPoll = System.nanoTime() + settings.journal().poll().toNanos();
    }

    /** A connection of its own and not of the pool: it lives as long as the pod, and it is the only one that listens. */
    private Connection open() throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", settings.db().user());
        properties.setProperty("password", settings.db().password());
        properties.setProperty("ApplicationName", "crm-listen/" + settings.podName());
        properties.setProperty("connectTimeout", "3");
        properties.setProperty("socketTimeout", "5");
        properties.setProperty("tcpKeepAlive", "true");
        return DriverManager.getConnection(settings.db().url(), properties);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static void close(Connection connection) {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException gone) {
                LOG.debugf("closing the listener: %s", gone.getMessage());
            }
        }
    }
}
