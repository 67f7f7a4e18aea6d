package crm.outbox;

import crm.Settings;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** The outbox's clockwork: dispatch, sample, forget. */
@Singleton
public class Outbox {

    private static final Logger LOG = Logger.getLogger(Outbox.class);

    private interface Job {
        void run() throws Exception;
    }

    private final Dispatcher dispatcher;
    private final DatabaseGauges gauges;
    private final Settings settings;
    // Two threads: a sink that hangs must not stop the gauges that would tell of it.
    private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2, job -> {
        Thread thread = new Thread(job, "crm-outbox");
        thread.setDaemon(true);
        return thread;
    });

    Outbox(Dispatcher dispatcher, DatabaseGauges gauges, Settings settings) {
        this.dispatcher = dispatcher;
        this.gauges = gauges;
        this.settings = settings;
    }

    public void start() {
        every(settings.outbox().interval(), "dispatch", this::dispatch);
        every(Duration.ofSeconds(1), "gauges", gauges::read);
        every(Duration.ofMinutes(1), "retention", dispatcher::forgetOld);
    }

    public void stop() {
        clock.shutdownNow();
    }

    private void dispatch() throws Exception {
        int sent;
        do {
            sent = dispatcher.dispatchBatch();
        } while (sent == settings.outbox().batch() && !clock.isShutdown());
    }

    private void every(Duration pause, String name, Job job) {
        Runnable guarded = () -> {
            try {
                job.run();
            } catch (Exception failure) {
                // An exception that left this method would end the schedule for good.
                if (!clock.isShutdown()) {
                    LOG.warnf("%s: %s", name, failure);
                }
            }
        };
        clock.scheduleWithFixedDelay(guarded, 0, pause.toMillis(), TimeUnit.MILLISECONDS);
    }
}
