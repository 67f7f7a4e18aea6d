package crm.pod;

import crm.Settings;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/** This process: who it is, whether it may be sent requests, and whether it has warmed up. */
@Singleton
public class Pod {

    /** Without pre-warm, the first requests of the users do the warming. */
    private static final int REQUESTS_UNTIL_WARM = 50;

    private final String name;
    private final boolean prewarmEnabled;
    private final String boot = UUID.randomUUID().toString();
    /** Known to this process only, so that nobody outside can have a command rolled back. */
    private final String prewarmToken = UUID.randomUUID().toString();
    private final AtomicInteger answered = new AtomicInteger();
    private volatile boolean prewarmed;
    private volatile Instant readyAt;

    Pod(Settings settings) {
        this.name = settings.podName();
        this.prewarmEnabled = settings.prewarm().enabled();
    }

    public String name() {
        return name;
    }

    /** Differs after every start, also of a pod that keeps its name. */
    public String boot() {
        return boot;
    }

    public String prewarmToken() {
        return prewarmToken;
    }

    public boolean isPrewarm(String token) {
        return token != null && token.equals(prewarmToken);
    }

    public boolean warm() {
        return prewarmEnabled ? prewarmed : answered.get() >= REQUESTS_UNTIL_WARM;
    }

    public void answered() {
        answered.incrementAndGet();
    }

    public void prewarmed() {
        prewarmed = true;
    }

    public void ready(Instant at) {
        readyAt = at;
    }

    /** Null until the pod is ready. */
    public Instant readyAt() {
        return readyAt;
    }
}
