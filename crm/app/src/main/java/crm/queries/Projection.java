package crm.queries;

import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The customers and orders of one territory in memory. One writer (the journal listener), many readers. */
@Singleton
public class Projection {

    private final Map<Long, Customer> customers = new ConcurrentHashMap<>();
    private final Map<Long, Order> orders = new ConcurrentHashMap<>();
    private final Map<Long, Set<Long>> orderIdsByCustomer = new ConcurrentHashMap<>();
    private final Map<String, Set<Long>> customerIdsByCity = new ConcurrentHashMap<>();

    public Customer customer(long id) {
        return customers.get(id);
    }

    public Order order(long id) {
        return orders.get(id);
    }

    /** Newest first. */
    public List<Order> ordersOf(long customerId, int limit) {
        return orderIdsByCustomer.getOrDefault(customerId, Set.of()).stream()
                .sorted(Comparator.reverseOrder())
                .limit(limit)
                .map(orders::get)
                .toList();
    }

    /** By id. */
    public List<Customer> customersIn(String city, int limit) {
        return customerIdsByCity.getOrDefault(city, Set.of()).stream()
                .sorted()
                .limit(limit)
                .map(customers::get)
                .toList();
    }

    /** By id. */
    public List<Long> customerIds(int limit) {
        return customers.keySet().stream().sorted().limit(limit).toList();
    }

    public void putCustomers(Collection<Customer> changed) {
        for (Customer customer : changed) {
            Customer before = customers.get(customer.id());
            if (before != null && before.version() > customer.version()) {
                continue;
            }
            customers.put(customer.id(), customer);
            if (before != null && !before.city().equals(customer.city())) {
                customerIdsByCity.get(before.city()).remove(customer.id());
            }
            ids(customerIdsByCity, customer.city()).add(customer.id());
        }
    }

    public void putOrders(Collection<Order> changed) {
        for (Order order : changed) {
            Order before = orders.get(order.id());
            if (before != null && before.version() > order.version()) {
                continue;
            }
            // The order first, then the reference: a reader never meets an id without its order.
            orders.put(order.id(), order);
            ids(orderIdsByCustomer, order.customerId()).add(order.id());
        }
    }

    /** A few orders' ids, for pre-warm. */
    List<Long> someOrderIds(int limit) {
        return new ArrayList<>(orders.keySet().stream().limit(limit).toList());
    }

    private static <K> Set<Long> ids(Map<K, Set<Long>> index, K key) {
        return index.computeIfAbsent(key, k -> ConcurrentHashMap.newKeySet(4));
    }
}
