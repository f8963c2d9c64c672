"""What a word says of the class of a prompt: the vocabulary behind ``evidence.py``.

One line is ``weight: words``. A word is a stem (a prefix of the word as written, lower case) unless it ends in
``.``: then it is the whole word. ``_`` joins a phrase of whole words, its last a stem. Chinese and Japanese are
matched anywhere, as are Korean, Arabic and Hindi. 3 decides alone, 2 nearly, 1 supports; a negative weight takes
another meaning away.
"""

from __future__ import annotations

from typing import Final

CODE: Final = """
1.5: 编写 日期时间对象
2.5: refactoris refaktor refator rifattorizz programmier kodier переписа*_код коді кодом. код. شفرة برمج بايثون
2.5: دالة_برمج पायथन प्रोग्राम कोड
2.5: 파이썬 자바스크립트 코딩 디버그 kodla kodu. yazılım_hata
1.5: fonction. fonctions. funktion. função. funções. funzione. funzioni. funkcj fonksiyon فانكشن دالة خوارزمية
1.5: फ़ंक्शन 스크립트 프로그램 오류를 サーバー
1.5: programm. programme_qui programa_em skript. código_em erro_no errore_nel fehler_im bogue. bug_dans
1.5: помилк*_в функцію програм*_як запит_sql
2: автодополнен celery kafka redis. rabbitmq elasticsearch hadoop spark. pod. helm. unbound swarm_api хостов_в
2: postgresql триггер numba
1.5: программирован programming. programación de_programación хост хостов dns. узел_в сервис*_в очеред потоках
1.5: мьютекс 编程语言
1.4: function. functions. функци función.
2: subarray palindrome matlab fortran haskell scala. perl. lua. cobol. version_control use_c_to dijkstra
2: longest_common 快排 冒泡
2: linux ubuntu debian. react bootstrap seaborn mapbox js. ts. node.js vue.js next.js flutter pyqt tkinter
2: opencv scikit kernel_module subnet
2: псевдокод pseudocode pseudocódigo seudocódigo 伪代码 sitio_web_simple функци*_для функци*_котор
2: напиши*_функци напиши*_программ
1.5: aws azure android. unity. wordpress. excel. what_is_wrong complejidad_de_tiempo complejidad_temporal
1.5: árbol_binario lambda bucket dataclass
1.5: 信号量 进程 死锁 指针 内存泄漏 操作系统 модальн подкаталог симлинк символическ*_ссылк пакетов_в пакет_numpy
-1: what_is что_такое qué_es 什么是 是什么 quién_creó who_created who_invented кто_создал
1.5: imprima imprimir teclado. por_pantalla entrada_estándar с_клавиатуры 输入一个 输出结果 键盘输入
2.5: 单元测试 测试用例 多线程 协程 写一个函数 写个函数 编写函数 c_program excel_vba visual_basic stack_overflow
2.5: data_structure unit_test
2: implement_a implement_an verstk верстк вёрстк юнит-тест паскал си++ джава. typescript css-
1.5: implement. implements. implementing web_server webserver makefile vba. macro. spreadsheet_formula
1.5: command_line virtual_environment virtualenv
1.5: команда_linux установить_python класс_который метод_который сайт_на excel-макрос макрос регистров
1.5: многопоточн
1.5: estructura_de_datos clase_que método_que línea_de_comandos hilos. página_web comando_para 命令 线程 栈
1.5: 队列 排序算法 安装包 网页代码
1: install. command. commands. thread. threads. stack. queue. hash. pointer. server. runtime. установи
1: команд*_для instalar. comando. 安装
2: div. коммит гите гита. регулярк телеграм-бот telegram_bot bot_de_telegram 机器人程序 缓存 组件 commit.
2: rebase.
1.5: query. queries. react_component component. app. приложени программ. программу. программе. aplicación.
1.5: aplicacion. 提交
1: build_a build_an cache. bot. бота. бот. codificar 网页 website. web_page сайта. página_web
3: refactor regex regexp leetcode dockerfile stacktrace stack_trace traceback pull_request
3: рефактор регулярн*_выражен стектрейс трассировк*_стек отрефактор expresión_regular expresion_regular
3: 正则 重构 代码 编程 爬虫 脚本 正規表現 コード 코드 리팩터
2.5: sql postgres mysql sqlite javascript typescript python3 numpy pytest django webpack kubectl unit_test
2.5: null_pointer
2.5: debug compil syntax nodejs golang kotlin fastapi graphql reactjs vue. redux. angular. mongodb laravel
2.5: дебаг отлад компил питон. питоне пайтон джаваскрипт юнит-тест программный_код кодом. коде. коду. кода.
2.5: код.
2.5: código. codigo. depur compilar programación programacion refactoriza
2.5: 调试 编译 算法实现 数据结构 报错 关数 関数 デバッグ 함수 程式碼 寫程式 一段程序
2: python php c++ c# .net bash. zsh. powershell nginx kubernetes k8s. docker terraform ansible systemd
2: crontab. git. github gitlab
2: html. css. yaml. yml. json. toml. npm. pip. pandas. matplotlib tensorflow pytorch code. codes. codebase
2: snippet coding. programmer
2: recursi iterat subroutine backend frontend middleware endpoint webhook async. await. mutex segfault
2: oauth. cron. makefile cmake
2: linked_list hash_map hashmap binary_search binary_tree sorting_algorithm time_complexity for_loop
2: while_loop dynamic_programming
2: write_a_program write_a_function write_a_method write_a_class write_a_query
2: a_program_that write_program
2: escribe_un_programa un_programa_que una_función_que una_funcion_que escribir_un_programa
2: escriba_un_programa
2: скрипт sql-запрос напиши_функци напиши_программ напишите_программ напишите_функци функци_котор
2: программу_котор массив рекурси
2: бэкенд фронтенд кодить гит. докер питоном баш-скрипт эндпоинт парсер
2: script. scripts. algoritmo bucle. recursiv subcadena consulta_sql
2: 数组 递归 算法 接口 前端 后端 数据库 字符串 链表 二叉树 快速排序 命令行 변수 알고리즘 アルゴリズム
2: プログラム 変数
1.5: java. json xml. html css bug. bugs. algorithm array. arrays. api. apis. integer boolean substring
1.5: parse. parser. parsing cli. ssh. sdk.
1.5: dataframe jupyter selenium flask. spring_boot lambda. async unittest runtime_error exception.
1.5: exceptions. deploy localhost
1.5: алгоритм библиотек*_python баг. баги. бага. запрос_sql запрос*_к_баз класс_на исключени_в json
1.5: función. funcion. función_en arreglo. arreglos. error_en_mi error_de_compil módulo_de
1.5: 变量 循环 类名 查询语句 语句 异常 配置文件 部署 服务器
1: method. loop. loops. string. strings. database. query. queries. linux ubuntu
1: terminal. shell. server. config
1: program. programs. variable. variables. implement library. framework class. module. import. commit.
1: merge. branch. script
1: error. errors. fix_this fix_my crash csv. schema. index. excel_formula rust. ruby. swift. react. arduino
1: raspberry
1: функция программ_на программу. сервер баз_данных базу_данных ошибк*_при ошибка_в конфиг переменн
1: строк цикл. линукс исправь_ошибк
1: метод. библиотек модул терминал
1: implementa implementar programa. variable consulta. servidor base_de_datos clase_en método. error_al
1: biblioteca_de lista_enlazada
1.5: 函数 实现 程序
1: 修复 运行 模块 表单
-2: zip_code postal_code dress_code area_code morse_code code_of_conduct country_code qr_code promo_code
-2: movie_script film_script
-2: código_postal código_penal código_civil código_qr código_de_barras почтовый_код код_город уголовн*_код
-2: промокод youtube_script
-2: podcast_script dress-code tv_program training_program
-2: workout_program programa_de_tv обучающ*_программ 邮政编码
-2: 二维码 密码
"""

COMPLEX: Final = """
1.7: 区别 差异 的一半 百分之几 平均每 浓度
2.5: conçois concevoir conception démontre démontrer prouve. dissertation. stratégie élabor analyser. analysez
2.5: rédige_un_essai
2.5: entwirf entwerf entwickle_ein entwickeln_sie analysier vergleich beweis. beweise. beweisen lernplan
2.5: geschäftsplan strategie. aufsatz erörter
2.5: projete projetar demonstre prove_que plano_de estratégia compare_o compare_a analise. analisar progetta
2.5: progettare analizza dimostra
2.5: confronta piano_di strategia. saggio. спроєкту проаналізу порівня доведи. доведіть план_навчан стратегі
2.5: zaprojektu przeanalizu porównaj udowodnij
2.5: tasarla analiz karşılaştır kanıtla planla strateji kompozisyon. صمم حلل قارن أثبت اثبت خطة استراتيجية
2.5: विश्लेषण तुलना सिद्ध योजना डिज़ाइन डिजाइन
2.5: 비교하 비교해 계획 에세이 전략을 논하 설명해 比較して 論じて 計画を 証明して 設計して 分析して
1.5: rédige. explique_en avantages inconvénients pourquoi étape_par entwickle. erkläre. erklären warum.
1.5: vorteile nachteile ursachen auswirkung schritt_für
1.5: explique. vantagens desvantagens por_que spiega vantaggi svantaggi perché поясни чому_ причини переваги
1.5: недоліки wyjaśnij dlaczego açıkla neden_
1.5: اشرح لماذا اكتب_مقال समझाइए समझाओ क्यों 이유 왜 원인 説明して なぜ 理由
1.5: заменит_ли will_ai will_artificial should_i significance. relate_to provide_evidence помогите_понять
1.5: помогите_мне_понять понять_волнов
1.4: explain. how_works explica. explique. explícame explain_to объясни how_does how_do как_работа
1.4: cómo_funciona опишите_как 请解释 解释一下 工作原理
2: conjecture hypothesis. antiderivative differential general_solution find_the_limit 优点和缺点 特点和功能
2: 商业模式 综述 solution_to_the
2: diferencias_entre differences_between различия_между различи*_между cuáles_son_las_diferencias
2: лучший_способ_достичь доказательство_того
1.5: 原理 贡献 机制 象征意义 反应方程 方程式 конструкци методолог intégr интегрировать recomiende imagina_que
1.5: supongamos
1: 过程 主题 特点 cada. cada_una each_of каждый каждая beneficio. beneficios margen сравнени концепци
1:
3: 求证 求解 已知
2: 计划 撰写 逻辑推理 论点 find_the_value if_all all_of_the_following blog_post blog. speech. screenplay story.
2: short_story case_study policies.
2: статью. рассказ. сочинени речь_для сценари доклад. реферат reportaje relato. cuento_corto guion. guión.
2: blog. reseña discurso. 故事 演讲稿 剧本 作文 博客
1.5: conclude. conclusion premise. premises. deduce infer. triangle. remainder perimeter parabola
1.5: matrix. vector. vertices polynomials roll_two
1.5: найдите. вычислите. треугольник периметр вектор матриц. кубик логическ вывод.
1.5: halla. hallar encuentra_el_valor calcule. triángulo perímetro velocidad. matriz. dado. lógic explicar.
1.5: priorizar. discut discusi
1.5: 三角形 面积 周长 余数 速度 推断 逻辑 解决 怎样 意义 作用 关系 发展趋势
0.8: econom polic politic societ social. cultur technolog global. climate environment organization business.
0.8: market. government histor influenc
0.8: significan role_of relationship perspective evolution. imagine_you act_as pretend. role-play education
0.8: healthcare psycholog sustainab negotiat
0.8: экономич политич обществ социальн культур технолог эффективн организац компани рынок. рынка. государств
0.8: истори влия отношени представь_что образовани
0.8: polític económic sociedad social. sociales. cultural tecnológic empresa ambiental salud proceso prioriz
0.8: históric influencia relación educación ética
0.8: 经济 政治 社会 文化 技术 环境 企业 政府 公司 市场 历史 教育 发展 问题 观点 理论 心理 管理 假设你是 扮演
2: should_we should_our should_the should_a should_i had_never had_not would_be_different could_we стоит_ли
2: следует_ли debería_una
2: deberíamos deberían conviene. 应该 是否应 应当 怎么办才 оцени. оцените. мог_бы не_изобрели jamás_se_hubiera
2: hubiera. hubieran.
1.5: debería. consider. considering. offer_a recommendations. рекомендаци предложи_мер предложи. propose.
1.5: proposal 建议 需要多久 各几
3: step_by_step pros_and_cons trade-off tradeoff trade-offs tradeoffs prove_that proof_that in-depth
3: system_design business_plan
3: go-to-market swot. roadmap architect. architecture architectural theorem counterexample
3: спроектиру докажи докажите доказательств архитектур пошаг шаг_за_шаг плюсы_и_минусы
3: преимущества_и_недостатк бизнес-план
3: paso_a_paso ventajas_y_desventajas pros_y_contras demuestra_que demostrar_que demuestre arquitectura
3: plan_de_negocio teorema
3: 架构 证明 推导 利弊 优缺点 一步一步 逐步 商业计划 方案设计 系统设计 アーキテクチャ 設計 証明 설계 증명
2.5: design. designing. analyze analyse analysis analyz evaluate. evaluating critically critique derive.
2.5: derivation strategy. strategies. strategic
2.5: comprehensive detailed_plan feasib hypothes prove. proof. essay. thesis whitepaper curriculum itinerary
2.5: проанализиру анализ. анализу анализа. спланиру стратеги эссе разработай_план разработайте обоснуй
2.5: обоснуйте выведи_формул исследован
2.5: составь_план составьте_план подробный_план критическ сравнительн концепци_систем разработай_систем
2.5: разработай_стратег
2.5: diseña diseñar diseñe analiza. analizar analice análisis evalúa. evaluar evalúe estrategia ensayo.
2.5: planifica itinerario exhaustiv
2.5: demostración tesis. plan_detallado elabora_un_plan crea_un_plan
2.5: 设计 分析 规划 策略 论文 评估 论述 探讨 方案 制定 深入 详细计划 計画 分析し 戦略 분석 전략 계획을 論じ
2: compare. comparing contrast. implications scalab fault-toleran distributed optimize. optimal
2: consequences equation. equations. integral.
2: probability derivative. polynomial differential_equation explain_in_detail in_detail detailed.
2: thoroughly multi-step methodology framework_for
2: what_would_happen what_if would_have_been long-term policy_propos recommendation reasoning how_many_ways
2: investigate. plan_for plan_to research_plan
2: сравни. сравните. сравнить_и вероятност уравнени подробно обоснован последстви влияет. влияние. влияния.
2: повлия что_было_бы что_если оцените
2: рассмотри оптимальн масштабируем отказоустойчив распределённ распределенн интеграл. рассужд аргумент
2: логическ*_задач долгосрочн комплексн
2: compara. comparar compare_y contraste implicaciones escalable consecuencias probabilidad ecuación
2: ecuaciones integral detalladamente
2: en_detalle detallad qué_pasaría qué_habría impacto razonamiento argumenta justifica. optimiza
2: cómo_afecta cómo_influy largo_plazo propón
2: 比较 对比 影响 概率 方程 详细 如果没有 要是没有 论证 优化 研究 推理 为什么会 后果 综合 长期 步骤 阐述 报告
2: 設計し 比較
2: 비교
1.5: plan. plans. design architecture_of evaluate assess. assessment argue. debate. arguments. article.
1.5: report. proposal. calculate. solve. puzzle
1.5: tradeoff explain_how explain_why how_would_you how_should impact. impacts. effects. causes. societal
1.5: ethical ethics dilemma philosoph
1.5: brainstorm_and write_a_story blog_post outline. migration. migrate. constraints. requirements.
1.5: prioriti risk. risks. stakeholder budget.
1.5: план. плана. планом стратег задач._ решите реши_ доклад. статью. реферат объясни_как объясните_как
1.5: объясни_почему почему_ причины. этическ
1.5: migración миграци риски. бюджет архит требовани
1.5: explica_cómo explica_por por_qué informe. artículo. resuelve. resolver resuelva calcula. diseño. plan.
1.5: causas. efectos. propuesta ético
1.5: riesgos. presupuesto requisitos escribe_un_artículo
1.5: 解释 原因 计算 解方程 文章 策划 预算 风险 需求 权衡 総合 なぜ 왜
1.2: 为什么
1: 如果 find_the why. discuss. describe. reason. reasons. factors. steps. system. scenario. suppose.
1: assume.
1: given_that different_perspectives
1: difference_between differences_between advantages. disadvantages. benefits. challenges. improve.
1: process. model.
1: почему. причин фактор систем. систему. систему различи разниц преимуществ недостатк
1: предполож допустим сценари
1: опиши опишите
1: describe. discute factores sistema. suponga supón diferencia_entre diferencias
1: beneficios desafíos razones escenario
0.7: 描述
1: 如何
1: 讨论 说明 因素 系统 假设 挑战 流程 模型 假如 说说
-1.5: in_one_sentence in_one_word in_a_sentence briefly. in_short short_answer одним_словом одним_предложен
-1.5: кратко. коротко. brevemente en_una_frase
-1.5: en_una_palabra 一句话 简短 简单说 简要
"""

SIMPLE: Final = """
2.5: 改写 重新编写 重写 编辑以下 编辑下面 修改以下句子 更加流畅 更好地表达 简短的摘要 概括以下 一句话总结 关键词
2: كم_الساعة ترجم عاصمة अनुवाद कितने_बजे राजधानी 몇_시 수도 首都は 時ですか котра_година столиця переклади
2: saat_kaç başkent çevir
2: que_horas_são che_ore_sono quelle_est_la_capitale hauptstadt qual_é_a_capital qual_è_la_capitale przetłumacz
2: która_godzina wer_hat wer_ist
2.5: corregir corrija error_gramatical ortograf edita_el_texto исправь_текст
1.9: рецепт receta 菜谱 有多远 有多长 由谁 为谁 何时 何处 第几个 多少次 是否相同 что_означает qué_significa
1.9: как_зовут qué_opinas te_gusta
1.5: which_city what_city of_which in_which which_capital known_as in_what what_was what_were
1.5: whose. en_qué de_qué en_cuál
1.5: какого_ какую_ каком_ какими_ какому_ чей. чья. как_зовут 哪位 哪座 哪部 第几 哪一
0.8: what_are whom. whose. what. qué. что. какие. 什么
3: translate. translation_of переведи переведите перевод.
3: traduce. traduzca traducir tradúceme 翻译 译成 訳して 번역
3: traduis übersetze traduci traduza
3: what_time what_day what's_the_time который_час
3: сколько_времени qué_hora que_hora 几点 今天星期 何時
3: quelle_heure wie_spät
2.5: capital_of столица столицу capital_de 首都 remind_me
2.5: напомни recuérdame 提醒我 synonym синоним sinónimo 同义词
2.5: 反义词 antonym антоним antónimo
2.5: tell_me_a_joke шутк анекдот chiste. 笑话 spell. define.
2.5: definition_of convert. how_old how_tall how_far
2.5: weather. погод clima_en 天气
2.5: stand_for расшифровывается significa_la_sigla rephrase. paraphrase. proofread reword. fix_the_grammar
2.5: correct_the_grammar grammar. shorten_this
2.5: перефразиру исправь_грамматик исправь_ошибки_в_тексте
2.5: исправь_опечатк сократи_ reescribe. parafrasea
2.5: corrige_la corrige_el corrige_los 润色 纠正
1.9: who_is who_was who_wrote who_invented who_painted when_did when_was when_is where_is where_was
2: what_is_the_name which_country what_year
1.9: кто_такой кто_написал кто_изобр кто_такая когда_род когда_был где_наход какой_год в_каком_году
2: сколько_стоит как_называ как_будет
1.9: quién_es quién_fue quién_escribió cuándo_nació cuándo_fue dónde_está en_qué_año cuánto_cuesta
2: cómo_se_dice cómo_se_llama cuántos_años
1.9: 是谁 谁写 谁是 哪一年 在哪里 多少钱 什么时候 怎么说 叫什么 哪个国家 多大 多高 几个
2: haiku. хайку. subject_line headline. one-liner caption. hashtags title_for название_для un_título
2: summarize_in_one summarise_in_one set_a_timer
1.5: what_is what's. what_does how_many how_much is_it is_there do_you can_you_tell what_color
1.5: favorite. recipe recommend.
1.5: что_такое сколько_ какой. какая. какое. какие_ можно_ли есть_ли посоветуй порекоменду
1.5: qué_es qué_significa cuál_es cuántos cuántas cuánto es_cierto recomiéndame cuáles_son
1.5: 什么是 是什么 多少 哪些 吗 推荐 什么意思 哪个
1: who. when. where. which. list. name. short. кто. когда.
1: где. quién. cuándo. dónde. cuál. corto breve. 谁 哪
1: короткий короткое
1: poem. summarize. summarise. rewrite. email. birthday
1: стих стихотвор перепиши резюмируй poema. resume. resumir
1: cumpleaños 总结 写一首 邮件 生日
"""

GREETING: Final = """
3: hello. hi. hey. thanks. thank_you good_morning good_night good_evening how_are_you bonjour. merci. hallo.
3: danke.
3: привет. здравствуй спасибо доброе_утро добрый_день как_дела
3: hola. gracias buenos_días buenas_noches buenas_tardes cómo_estás qué_tal
3: 你好 谢谢 早上好 晚安 こんにちは ありがとう 안녕 감사
"""
