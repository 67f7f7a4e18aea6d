package crm;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Everything that a deployment can set: CRM_ROLE is {@code crm.role}, CRM_JOURNAL_POLL is {@code crm.journal.poll}. */
@ConfigMapping(prefix = "crm")
public interface Settings {

    Role role();

    /** DE, CH or AT. The outbox serves them all and has none. */
    Optional<String> territory();

    String podName();

    Db db();

    Journal journal();

    Prewarm prewarm();

    Queries queries();

    Outbox outbox();

    /** The name of the Deployment that this pod belongs to. */
    default String workload() {
        String role = role().name().toLowerCase(Locale.ROOT);
        return territory().map(t -> "crm-" + role + "-" + t.toLowerCase(Locale.ROOT)).orElse("crm-" + role);
    }

    /** DE, CH or AT; ALL where the pod serves every territory. */
    default String servedTerritory() {
        return territory().orElse("ALL");
    }

    interface Db {
        String url();

        String user();

        String password();
    }

    interface Journal {
        /** How often the journal is read beside the notifications. */
        @WithDefault("2s")
        Duration poll();

        /** Off: events arrive by notification only; no polling, no catch-up after a reconnect. */
        @WithDefault("true")
        boolean fallback();

        /** How long dispatched events are kept. */
        @WithDefault("7d")
        Duration retention();
    }

    interface Prewarm {
        @WithDefault("true")
        boolean enabled();

        @WithDefault("200")
        int requests();

        /** Pre-warm ends after this time, however many requests it has made. */
        @WithDefault("15s")
        Duration budget();
    }

    interface Queries {
        /** Delays every answer; this is how the latency checks are shown to fail. */
        @WithDefault("0s")
        Duration extraLatency();
    }

    interface Outbox {
        /** Where events are posted to; without it they go to integration.delivery. */
        Optional<String> sinkUrl();

        @WithDefault("200ms")
        Duration interval();

        @WithDefault("200")
        int batch();
    }
}
