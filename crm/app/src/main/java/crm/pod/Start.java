package crm.pod;

import crm.Role;
import crm.Settings;
import crm.commands.CommandsPrewarm;
import crm.outbox.Outbox;
import crm.queries.JournalListener;
import crm.queries.QueriesPrewarm;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.time.Instant;
import org.jboss.logging.Logger;

/** Starts what this pod's role needs: data first, then pre-warm, then readiness. */
@ApplicationScoped
public class Start {

    private static final Logger LOG = Logger.getLogger(Start.class);

    private final Settings settings;
    private final Pod pod;
    private final Prewarm prewarm;
    private final Instance<JournalListener> listener;
    private final Instance<QueriesPrewarm> queriesPrewarm;
    private final Instance<CommandsPrewarm> commandsPrewarm;
    private final Instance<Outbox> outbox;
    private Thread starter;

    Start(
            Settings settings,
            Pod pod,
            Prewarm prewarm,
            Instance<JournalListener> listener,
            Instance<QueriesPrewarm> queriesPrewarm,
            Instance<CommandsPrewarm> commandsPrewarm,
            Instance<Outbox> outbox) {
        this.settings = settings;
        this.pod = pod;
        this.prewarm = prewarm;
        this.listener = listener;
        this.queriesPrewarm = queriesPrewarm;
        this.commandsPrewarm = commandsPrewarm;
        this.outbox = outbox;
    }

    void begin(@Observes StartupEvent event) {
        if (settings.role() != Role.OUTBOX && settings.territory().isEmpty()) {
            throw new IllegalStateException("CRM_ROLE=" + settings.role() + " needs CRM_TERRITORY (DE, CH or AT).");
        }
        // The port opens only after this observer returns, and pre-warm needs the port.
        starter = new Thread(this::makeReady, "crm-start");
        starter.setDaemon(true);
        starter.start();
    }

    void end(@Observes ShutdownEvent event) {
        starter.interrupt();
        switch (settings.role()) {
            case QUERIES -> listener.get().stop();
            case OUTBOX -> outbox.get().stop();
            case COMMANDS -> { }
        }
    }

    private void makeReady() {
        try {
            switch (settings.role()) {
                case QUERIES -> {
                    listener.get().start();
                    warmUp(queriesPrewarm.get());
                }
                case COMMANDS -> warmUp(commandsPrewarm.get());
                case OUTBOX -> {
                    outbox.get().start();
                    prewarm.awaitHttp();
                    pod.prewarmed();
                }
            }
            pod.ready(Instant.now());
            LOG.infof("%s is ready", pod.name());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void warmUp(PrewarmPlan plan) throws InterruptedException {
        plan.awaitData();
        prewarm.awaitHttp();
        if (settings.prewarm().enabled()) {
            prewarm.run(plan);
        }
    }
}
