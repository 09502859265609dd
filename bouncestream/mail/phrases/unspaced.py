# SPDX-License-Identifier: GPL-3.0-or-later
"""Subjects and states (see `composed`, and `abroad` for what each row means) in languages that put no blanks
between words, or endings to them. Source: as for `abroad`; November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

JOINED: Mapping[str, str] = {
    "Chinese": """
        mailbox: 用户, 用戶, 使用者, 收件人, 收件者, 邮箱, 郵箱, 信箱, 帐号, 账号, 帳號, 账户, 帐户, 帳戶, 地址,
        邮件地址, 郵件地址, 收信人; sender: 密码, 密碼, 回信, 回复地址, 回覆地址, 退信地址, 发件, 发信, 寄信,
        发送方, 发件人, 寄件者, 寄件人, 發件人, 发信人, 发送人; domain: 域名, 網域, 网域, 主机; thing: 节点, 節點,
        规则, 規則, 存储, 文件夹, 证书, 转发, 轉寄, 通讯录, 通訊錄, 联系人, 聯絡人, 密钥, 命令, 文件, 列表, 名单,
        名單, 申请, 申請; your: 您的, 贵, 你的; not: 不, 未, 未能, 无, 無, 无法, 無法, 没有, 沒有, 查无, 查無;
        there: 存在, 找到, 注册, 註冊, 登记, 正确, 正確, 有效, 此, 这个, 這個, 该, 該, 效; unknown: 没有名为,
        沒有名為, 没有叫, 沒有叫, 没有这个, 没有此, 无此, 無此, 未知, 不明, 找不到, 查不到, 错误, 錯誤; gone:
        清除, 吊销, 废止, 失效, 注销, 註銷, 销户, 銷戶, 销毁, 離職, 离职, 作废, 作廢, 删除, 刪除, 撤销; full:
        已满, 已滿, 容量, 空间, 空間; off: 冻结, 凍結, 停用, 禁用, 锁定; many: 过多, 過多, 频率; later: 尚, 暂,
        暫, 暂时, 暫時, 尚未, 还未, 還未, 迁移, 遷移, 恢复, 恢復, 还原, 還原, 夜间, 夜間, 期间, 之前, 登录前,
        登錄前; other: 拒收, 拒绝, 拒絕, 垃圾, 黑名单, 白名单, 白名單, 超过, 可能, 将, 將; down: 无法连接, 超时,
        無法連線, 逾時; chance: 误删, 誤刪, 意外, 故障; whom: 对您, 對您, 对你, 對你, 对外, 對外, 从外部, 從外部,
        而言; content: 邮件, 郵件, 信件""",
    "Japanese": """
        mailbox: 宛先, 受信者, 受取人, アドレス, ユーザ, メールボックス, アカウント, 利用者, 宛先アドレス,
        メールアドレス; sender: パスワード, 返信先, 返信アドレス, 返送先, 送信者, 送信元, 差出人, 送信ドメイン,
        送信アドレス; domain: ドメイン, ホスト; thing: フォルダ, 転送, ルール, 証明書, 連絡先, アドレス帳, ノード,
        鍵, コマンド, ファイル; your: お客様の, あなたの, 貴社の; not: ません, ない, なかった, ていません,
        ておりません, できません; there: 見つかり, みつかり, 見つから, 存在し, 登録され, 使用され, 利用され,
        使われ, 在籍し, 所属し, 取り扱って; unknown: 不明, 無効, 未知, 該当する, 間違, ありません, いません,
        もおりません, はおりません, がおりません; gone: 削除しました, 廃棄され, 閉鎖され, 失効, 消滅, 抹消,
        削除されました, 削除されてい, 削除済み, 解約, 退会, 退職, 廃止, 消去され, 抹消され, 削除されてお; full:
        満杯, 一杯, いっぱい, 容量, 超え, 空き; off: 停止; many: 多すぎ; later: 一時的, まだ, 移行, 移転, 移動,
        復旧, 復元, 夜間, 作業中, 期間中, 障害, 前は; other: 希望し, 望ん, 拒否, 迷惑, 可能性, かもしれ, 制限,
        設定により, 権限, 確認できま, か確認; down: 応答がありません, 接続できません; chance: 誤って, 不具合;
        whom: 外部から, 社外, に対しては; content: メッセージ""",
    "Korean": """
        mailbox: 사용자, 수신자, 받는 사람, 주소, 메일함, 계정, 메일박스, 수신인; sender: 비밀번호, 회신, 반송
        주소, 발신, 송신, 보내는, 발신자, 보낸 사람, 보내는 사람, 송신자; domain: 도메인, 호스트; thing: 전달,
        포워딩, 폴더, 규칙, 저장소, 인증서, 주소록, 연락처, 노드, 명령, 파일, 목록; your: 귀하의, 당신의,
        고객님의; not: 지 않; there: 가입되, 가입하, 존재하, 등록되, 확인되, 유효하; unknown: 찾을 수 없,
        없습니다, 없는, 알 수 없, 알수없음, 잘못된; gone: 파기, 폐기, 소멸, 삭제되, 탈퇴, 해지, 퇴사, 폐지, 폐쇄,
        말소; full: 가득, 초과, 용량; off: 정지, 휴면, 차단; many: 너무 많; later: 일시, 아직, 이전 중, 옮기,
        옮겨, 이동되, 복구, 복원, 야간, 점검; other: 거부, 스팸, 권한, 허용; down: 응답하지 않, 연결할 수 없;
        chance: 실수로, 잘못 삭제; whom: 귀하에게, 외부; content: 메시지""",
    "Thai": """
        mailbox: ผู้ใช้, ผู้รับ, กล่องจดหมาย, บัญชี, ที่อยู่อีเมล, ที่อยู่; sender: ผู้ส่ง; domain: โดเมน; not:
        ไม่; there: มีอยู่, พบ, มีตัวตน, มี, รู้จัก, ถูกต้อง; gone: ถูกลบ; full: เต็ม, พื้นที่; off: ระงับ; later:
        ชั่วคราว, กู้คืน, ย้าย; other: ปฏิเสธ; chance: โดยไม่ได้ตั้งใจ""",
    "Hindi": """
        mailbox: उपयोगकर्ता, प्राप्तकर्ता, पता, मेलबॉक्स, खाता; sender: प्रेषक; domain: डोमेन; unknown: मौजूद
        नहीं, नहीं मिला, अज्ञात, अमान्य; full: भर; later: अस्थायी; chance: गलती से""",
}  # fmt: skip
"""Languages that put none, or endings to their words."""

JOINED_MORE = {
    "ことはありません": "nothing", "ことはない": "nothing",
    "helo": "client", "ehlo": "client", "ptr": "client", "spf": "client", "dkim": "client",
    "ourhost": "client", "mailfrom": "sender", "senderdomain": "sender",
    "系统": "system", "系統": "system", "システム": "system", "시스템": "system", "서버": "system",
    "服务器": "system",
    "伺服器": "system", "サーバ": "system", "尊敬的发件人": "nothing", "尊敬的寄件者": "nothing",
    "親愛的寄件者": "nothing", "送信者様": "nothing", "送信者各位": "nothing", "발신자님": "nothing",
    "グループ": "list", "群组": "list", "群組": "list", "그룹": "list", "查无此人": "nobody", "查無此人": "nobody",
}  # fmt: skip
"""More of their words, by what `composed.ENGLISH` calls them."""
