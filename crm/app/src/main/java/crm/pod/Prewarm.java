package crm.pod;

import crm.Settings;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * Sends this pod's own hot paths through its real HTTP port before readiness turns true, bounded in count and time, so
 * that class loading, compilation, connections and prepared statements are paid for before the first user comes.
 */
@Singleton
public class Prewarm {

    private static final Logger LOG = Logger.getLogger(Prewarm.class);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(2);

    private final Vertx vertx;
    private final Pod pod;
    private final Settings settings;
    private final String host;
    private final int port;
    private volatile double seconds;

    Prewarm(
            Vertx vertx,
            Pod pod,
            Settings settings,
            MeterRegistry registry,
            @ConfigProperty(name = "quarkus.http.host") String host,
            @ConfigProperty(name = "quarkus.http.port") int port) {
        this.vertx = vertx;
        this.pod = pod;
        this.settings = settings;
        this.host = host.equals("0.0.0.0") ? "127.0.0.1" : host;
        this.port = port;
        registry.gauge("crm.prewarm.seconds", this, prewarm -> prewarm.seconds);
    }

    /** Blocks until the port answers. */
    public void awaitHttp() throws InterruptedException {
        HttpClient client = client();
        try {
            while (send(client, PrewarmPlan.SelfRequest.get("/q/health/live")) != 200) {
                Thread.sleep(20);
            }
        } finally {
            client.close();
        }
    }

    public void run(PrewarmPlan plan) throws InterruptedException {
        long begin = System.nanoTime();
        long deadline = begin + settings.prewarm().budget().toNanos();
        int sent = 0;
        int failed = 0;
        HttpClient client = client();
        try {
            for (int round = 0; sent < settings.prewarm().requests() && System.nanoTime() < deadline; round++) {
                for (PrewarmPlan.SelfRequest request : plan.round(round)) {
                    if (System.nanoTime() >= deadline) {
                        break;
                    }
                    int status = send(client, request);
                    sent++;
                    if (status == 0 || status >= 500) {
                        failed++;
                    }
                }
            }
        } catch (SQLException failure) {
            // A cold pod that serves is better than none; the metric and the log say that it is cold.
            LOG.warnf("pre-warm ended early: %s", failure.getMessage());
        } finally {
            client.close();
        }
        seconds = (System.nanoTime() - begin) / 1e9;
        LOG.infof("pre-warm: %d requests (%d failed) in %.2f s", sent, failed, seconds);
        pod.prewarmed();
    }

    private HttpClient client() {
        return vertx.createHttpClient(new HttpClientOptions().setConnectTimeout(1000));
    }

    /** The status, or 0 where there was no answer. */
    private int send(HttpClient client, PrewarmPlan.SelfRequest request) throws InterruptedException {
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.valueOf(request.method()))
                .setHost(host)
                .setPort(port)
                .setURI(request.path())
                .putHeader(PodHeaders.PREWARM, pod.prewarmToken());
        if (request.ifNoneMatch() != null) {
            options.putHeader("If-None-Match", request.ifNoneMatch());
        }
        if (request.body() != null) {
            options.putHeader("Content-Type", "application/json");
        }
        Future<Integer> status = client.request(options)
                .compose(r -> r.send(request.body() == null ? Buffer.buffer() : Buffer.buffer(request.body())))
                .compose(response -> response.body().map(body -> response.statusCode()));
        try {
            return status.toCompletionStage().toCompletableFuture().get(REQUEST_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException failure) {
            LOG.debugf("pre-warm %s %s: %s", request.method(), request.path(), failure);
            return 0;
        }
    }
}
