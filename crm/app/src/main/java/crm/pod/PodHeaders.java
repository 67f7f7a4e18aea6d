package crm.pod;

import crm.Role;
import crm.Settings;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Says on every answer of the API which pod gave it and whether that pod was warm when the request came in. */
@ApplicationScoped
public class PodHeaders {

    public static final String PREWARM = "X-Prewarm";

    private final Pod pod;
    private final long extraLatencyMillis;

    PodHeaders(Pod pod, Settings settings) {
        this.pod = pod;
        this.extraLatencyMillis = settings.role() == Role.QUERIES ? settings.queries().extraLatency().toMillis() : 0;
    }

    void register(@Observes Filters filters) {
        filters.register(this::identify, 100);
    }

    private void identify(RoutingContext context) {
        String path = context.request().path();
        if (path.startsWith("/q/")) {
            context.next();
            return;
        }
        context.response().putHeader("X-Pod", pod.name()).putHeader("X-Warm", Boolean.toString(pod.warm()));
        boolean traffic = !path.equals("/ledger") && !pod.isPrewarm(context.request().getHeader(PREWARM));
        if (traffic) {
            context.addEndHandler(done -> pod.answered());
        }
        if (traffic && extraLatencyMillis > 0) {
            // A timer and no sleep: a delayed answer must not also block the event loop for the others.
            context.request().pause();
            context.vertx().setTimer(extraLatencyMillis, timer -> {
                context.request().resume();
                context.next();
            });
        } else {
            context.next();
        }
    }
}
