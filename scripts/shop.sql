-- A believable shop: customers, products, orders and their items, with what real schemas have around them (foreign keys,
-- views on views, triggers, a procedure, a function, an event). 401,000 rows, about 100 MB. For demo and bench; MySQL 8.0 or newer.
CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;
SET SESSION cte_max_recursion_depth = 1000000;

CREATE TABLE customers (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(120) NOT NULL UNIQUE,
  name VARCHAR(120) NOT NULL,
  city VARCHAR(60) NOT NULL,
  created DATETIME NOT NULL,
  notes TEXT,
  KEY by_city (city)
);
CREATE TABLE products (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(120) NOT NULL,
  price DECIMAL(10,2) NOT NULL,
  stock INT NOT NULL DEFAULT 0,
  attributes JSON
);
CREATE TABLE orders (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  placed DATETIME(3) NOT NULL,
  status ENUM('new','paid','shipped','returned') NOT NULL DEFAULT 'new',
  total DECIMAL(12,2) NOT NULL DEFAULT 0,
  KEY by_placed (placed),
  CONSTRAINT order_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
);
CREATE TABLE items (
  order_id INT UNSIGNED NOT NULL,
  line SMALLINT UNSIGNED NOT NULL,
  product_id INT UNSIGNED NOT NULL,
  quantity INT NOT NULL,
  price DECIMAL(10,2) NOT NULL,
  amount DECIMAL(12,2) GENERATED ALWAYS AS (quantity * price) STORED,
  PRIMARY KEY (order_id, line),
  KEY by_product (product_id),
  CONSTRAINT item_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
  CONSTRAINT item_product FOREIGN KEY (product_id) REFERENCES products (id)
);
CREATE TABLE audit (
  id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  happened TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  what VARCHAR(200) NOT NULL
);

INSERT INTO customers (email, name, city, created, notes)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
SELECT CONCAT('customer', i, '@example.com'),
       CONCAT(ELT(1 + i MOD 5, 'Zoë', 'Jörg', 'María', 'Łukasz', 'Ann'), ' ', SHA2(i, 224)),
       ELT(1 + i MOD 7, 'Lisboa', 'Köln', 'Oslo', 'Brno', 'Gent', 'Turku', 'Porto'),
       '2024-01-01' + INTERVAL i MINUTE, REPEAT(SHA2(i, 256), 4)
FROM n;
INSERT INTO products (name, price, stock, attributes)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
SELECT CONCAT('Product ', i), 1 + (i * 37) MOD 9900 / 100, 100000, JSON_OBJECT('colour', ELT(1 + i MOD 3, 'red', 'blue', 'green'), 'sku', i)
FROM n;
INSERT INTO orders (customer_id, placed, status)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
SELECT 1 + (i * 7919) MOD 50000, '2025-01-01' + INTERVAL i MINUTE, ELT(1 + i MOD 4, 'new', 'paid', 'shipped', 'returned')
FROM n;
INSERT INTO items (order_id, line, product_id, quantity, price)
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 249999)
SELECT 1 + i MOD 100000, 1 + i DIV 100000, 1 + (i * 31) MOD 1000, 1 + i MOD 5, 1 + (i * 37) MOD 9900 / 100
FROM n;

CREATE VIEW order_values AS
  SELECT o.id, o.customer_id, o.placed, o.status, SUM(i.amount) AS value
  FROM orders o JOIN items i ON i.order_id = o.id GROUP BY o.id, o.customer_id, o.placed, o.status;
CREATE VIEW city_values AS
  SELECT c.city, COUNT(*) AS orders, SUM(v.value) AS value FROM order_values v JOIN customers c ON c.id = v.customer_id GROUP BY c.city;

DELIMITER ;;
CREATE TRIGGER item_added AFTER INSERT ON items FOR EACH ROW
BEGIN
  UPDATE orders SET total = total + NEW.amount WHERE id = NEW.order_id;
  UPDATE products SET stock = stock - NEW.quantity WHERE id = NEW.product_id;
END;;
CREATE FUNCTION order_total(wanted INT UNSIGNED) RETURNS DECIMAL(12,2) READS SQL DATA
  RETURN (SELECT SUM(amount) FROM items WHERE order_id = wanted);;
CREATE PROCEDURE place_order(IN customer INT UNSIGNED, IN lines_wanted INT)
BEGIN
  DECLARE n INT DEFAULT 1;
  DECLARE new_order INT UNSIGNED;
  START TRANSACTION;
  INSERT INTO orders (customer_id, placed) VALUES (customer, NOW(3));
  SET new_order = LAST_INSERT_ID();
  WHILE n <= lines_wanted DO
    INSERT INTO items (order_id, line, product_id, quantity, price) VALUES (new_order, n, 1 + (customer + n * 131) MOD 1000, n, 9.90);
    SET n = n + 1;
  END WHILE;
  COMMIT;
END;;
DELIMITER ;
CREATE EVENT tidy_audit ON SCHEDULE EVERY 1 MINUTE DO INSERT INTO audit (what) VALUES ('tidied');
