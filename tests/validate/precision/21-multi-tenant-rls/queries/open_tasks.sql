-- name: OpenTasks :many
SELECT t.id, p.title
FROM tasks t
JOIN projects p ON p.id = t.project_id
WHERE NOT t.done
ORDER BY p.title
LIMIT $1;

-- name: FinishTask :exec
UPDATE tasks SET done = true WHERE id = $1;
